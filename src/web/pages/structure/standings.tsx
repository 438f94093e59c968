import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ListChecks } from 'lucide-react'
import { type FamilyStandingView, type Labels, readStandings } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { formatCount, formatShare } from '../../support/numbers.ts'
import { labelText } from './label-text.ts'
import { usePlaceText } from './place-text.ts'

const LOOK_AGAIN_MS = 2_000

interface Row extends FamilyStandingView {
  readonly id: string
  readonly family: string | null
  readonly label: string
}

/** Completeness in each channel and language, and quality: of all products, then family by family; each figure leads to its products. */
export function Standings() {
  const { t, language } = useText()
  const placeText = usePlaceText()
  const { data, error, refetch } = useQuery({
    ...queryOf(readStandings),
    refetchInterval: ({ state }) => (state.data?.index.ready === false ? LOOK_AGAIN_MS : false),
  })
  if (error) return <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
  if (!data) return <TableSkeleton columns={5} />
  if (data.all.products === 0) {
    return (
      <EmptyState icon={<ListChecks aria-hidden className="size-8" />} title={t('structure.completeness.none.title')}>
        <p>{t('structure.completeness.none.what')}</p>
      </EmptyState>
    )
  }
  const label = ({ family, labels }: { family: string | null; labels: Labels }): string =>
    family === null ? t('catalogue.filters.unfiled') : labelText({ code: family, labels }, language)
  const rows: Row[] = data.families.map((each) => ({ ...each, id: each.family ?? ' ', label: label(each) }))
  const total: Row = { ...data.all, id: 'all', family: null, label: t('structure.completeness.all') }
  const keyOf = ({ channel, locale }: FamilyStandingView['places'][number]): string =>
    channel === null ? '' : `${channel}/${locale ?? ''}`
  const hasChannels = data.all.places.some(({ channel }) => channel !== null)
  const columns: Column<Row>[] = [
    {
      id: 'family',
      header: t('structure.completeness.family'),
      fixed: true,
      card: 'title',
      sortBy: (row) => row.label,
      cell: (row) => <bdi className="font-medium">{row.label}</bdi>,
    },
    {
      id: 'products',
      header: t('structure.completeness.products'),
      align: 'end',
      width: '7rem',
      sortBy: (row) => row.products,
      cell: (row) => formatCount(row.products, language),
    },
    {
      id: 'quality',
      header: t('structure.quality.title'),
      align: 'end',
      width: '6rem',
      sortBy: (row) => row.quality,
      cell: (row) => (row.quality === null ? '' : formatCount(Math.round(row.quality), language)),
    },
    {
      id: 'complete',
      header: t('structure.completeness.everywhere'),
      width: '9rem',
      sortBy: (row) => shareOf(row),
      cell: (row) =>
        hasChannels ? <Share of={row} /> : <Share of={row} link={row.id === 'all' ? {} : linkOf(row.family)} standing="incomplete:" />,
    },
    ...data.all.places
      .filter(({ channel }) => channel !== null)
      .map((place, index): Column<Row> => ({
        id: keyOf(place),
        header: placeText(keyOf(place)),
        width: '12rem',
        hidden: index >= MOST_SHOWN,
        sortBy: (row) => shareOf(row.places[index]!),
        cell: (row) => (
          <Share of={row.places[index]!} link={row.id === 'all' ? {} : linkOf(row.family)} standing={`incomplete:${keyOf(place)}`} />
        ),
      })),
  ]
  return (
    <div className="flex flex-col gap-3">
      {!data.index.ready && (
        <Note meaning="information">{t('catalogue.indexing', { indexed: data.index.indexed, products: data.index.products })}</Note>
      )}
      <Table
        name="standings"
        label={t('structure.tabs.completeness')}
        rows={rows}
        columns={columns}
        rowId={({ id }) => id}
        totals={total}
        footnote={t('structure.completeness.sentence')}
      />
    </div>
  )
}

const MOST_SHOWN = 3

const linkOf = (family: string | null) => (family === null ? { unfiled: true } : { family })

interface Counted {
  readonly complete: number
  readonly asked: number
}

const shareOf = ({ complete, asked }: Counted): number | null => (asked === 0 ? null : complete / asked)

/** A bar with its share; leads to the products that are not complete, where there are any. */
function Share({ of, link, standing }: { of: Counted; link?: { family?: string; unfiled?: boolean }; standing?: string }) {
  const { t, language } = useText()
  const share = shareOf(of)
  if (share === null) return <span className="text-ink-3">–</span>
  const figures = (
    <span className="inline-flex items-center gap-2" title={t('structure.completeness.of', { complete: of.complete, products: of.asked })}>
      <span aria-hidden className="h-1.5 w-14 shrink-0 overflow-hidden rounded-full bg-sunken">
        <span className={cx('block h-full', share === 1 ? 'bg-good' : 'bg-attention')} style={{ width: `${share * 100}%` }} />
      </span>
      <span className="tabular">{formatShare(share, language)}</span>
    </span>
  )
  if (share === 1 || standing === undefined) return figures
  return (
    <Link to="/catalogue" search={{ ...link, standing }} className="link inline-block">
      {figures}
    </Link>
  )
}
