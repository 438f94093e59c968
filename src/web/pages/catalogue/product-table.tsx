import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, type ReactNode } from 'react'
import type { ProductRowView, SourceView } from '../../../contract/catalogue.ts'
import { Badge } from '../../components/badge.tsx'
import { Count, RelativeTime } from '../../components/figures.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { useText, type Translate } from '../../messages/text.tsx'
import type { Selection } from '../../support/selection.ts'
import { Thumbnail } from './picture.tsx'
import type { ListSearch } from './search.ts'

const SORTED_BY = ['row', 'identifier', 'name', 'quality', 'updated'] as const
type SortedBy = (typeof SORTED_BY)[number]
const ATTRIBUTE = 'attribute '

/** The products as a table, virtual; cards on a narrow screen. Attributes are columns that the person may add. */
export function ProductTable({
  rows,
  search,
  sources,
  attributes,
  onAttributes,
  onSort,
  selection,
  onSelect,
  total,
  actions,
  hasMore,
  loadingMore,
  onMore,
  tools,
  footnote,
}: {
  rows: readonly ProductRowView[]
  search: ListSearch
  sources: readonly SourceView[]
  attributes: readonly string[]
  /** Hears which attributes are shown. */
  onAttributes: (shown: readonly string[]) => void
  onSort: (sort: SortedBy, down: boolean) => void
  selection: Selection
  onSelect: (selection: Selection) => void
  total: number | undefined
  actions: ReactNode
  hasMore: boolean
  loadingMore: boolean
  onMore: () => void
  tools: ReactNode
  footnote: ReactNode
}) {
  const { t } = useText()
  const navigate = useNavigate()
  const names = attributes.join('\n')
  const columns = useMemo(
    () => columnsOf({ t, search, sources, attributes: names === '' ? [] : names.split('\n') }),
    [t, search, sources, names],
  )
  return (
    <Table
      name="catalogue"
      label={t('catalogue.title')}
      rows={rows}
      columns={columns}
      rowId={({ id }) => id}
      onOpen={({ id }) => void navigate({ to: '/catalogue/$productId', params: { productId: id }, search })}
      onColumns={(ids) => onAttributes(ids.filter((id) => id.startsWith(ATTRIBUTE)).map((id) => id.slice(ATTRIBUTE.length)))}
      sort={{ column: search.sort ?? 'row', descending: search.down === true }}
      onSort={({ column, descending }) => onSort(SORTED_BY.find((one) => one === column) ?? 'row', descending)}
      selection={selection}
      onSelect={onSelect}
      total={total}
      selectionActions={actions}
      hasMore={hasMore}
      loadingMore={loadingMore}
      onMore={onMore}
      tools={tools}
      footnote={footnote}
    />
  )
}

function columnsOf({
  t,
  search,
  sources,
  attributes,
}: {
  t: Translate
  search: ListSearch
  sources: readonly SourceView[]
  attributes: readonly string[]
}): Column<ProductRowView>[] {
  const labels = new Map(sources.map(({ id, label }) => [id, label]))
  return [
    {
      id: 'name',
      header: t('catalogue.columns.name'),
      fixed: true,
      sortable: true,
      card: 'title',
      cell: (product) => (
        <span className="flex min-w-0 items-center gap-2.5">
          <Thumbnail picture={product.picture} />
          <Link
            to="/catalogue/$productId"
            params={{ productId: product.id }}
            search={search}
            dir="auto"
            title={product.name ?? undefined}
            className="min-w-0 truncate hover:underline max-md:line-clamp-2 max-md:whitespace-normal"
          >
            {product.name ?? <span className="text-ink-2">{t('catalogue.unnamed')}</span>}
          </Link>
        </span>
      ),
    },
    {
      id: 'identifier',
      header: t('catalogue.columns.identifier'),
      sortable: true,
      width: '10rem',
      cell: ({ identifier }) => <bdi className="font-mono">{identifier}</bdi>,
    },
    { id: 'family', header: t('catalogue.columns.family'), width: '11rem', cell: ({ family }) => family ?? <Absent /> },
    ...(sources.length > 1
      ? [
          {
            id: 'source',
            header: t('catalogue.columns.source'),
            width: '11rem',
            cell: ({ sourceId }: ProductRowView) => <bdi>{labels.get(sourceId)}</bdi>,
          },
        ]
      : []),
    {
      id: 'review',
      header: t('catalogue.columns.review'),
      width: '11rem',
      cell: ({ proposals, flagged }) =>
        proposals === 0 ? (
          <Absent />
        ) : (
          <Badge meaning={flagged > 0 ? 'attention' : 'information'}>
            {flagged > 0 ? t('catalogue.flagged', { count: flagged }) : t('catalogue.proposals', { count: proposals })}
          </Badge>
        ),
    },
    {
      id: 'quality',
      header: t('catalogue.columns.quality'),
      sortable: true,
      align: 'end',
      width: '6rem',
      cell: ({ quality }) => <Count of={quality} />,
    },
    {
      id: 'updated',
      header: t('catalogue.columns.updated'),
      sortable: true,
      width: '8rem',
      card: 'none',
      cell: ({ updatedAt }) => <RelativeTime at={updatedAt} />,
    },
    {
      id: 'row',
      header: t('catalogue.columns.row'),
      sortable: true,
      align: 'end',
      width: '6rem',
      hidden: true,
      card: 'none',
      cell: ({ row }) => <Count of={row} />,
    },
    ...attributes.map((attribute): Column<ProductRowView> => ({
      id: `${ATTRIBUTE}${attribute}`,
      header: attribute,
      hidden: true,
      width: '12rem',
      cell: ({ values }) => (values[attribute] === undefined ? <Absent /> : <span className="line-clamp-2">{values[attribute]}</span>),
    })),
  ]
}

const Absent = () => <span className="text-ink-3">–</span>
