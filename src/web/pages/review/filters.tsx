import { useQuery } from '@tanstack/react-query'
import { ListFilter, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { countProposals, type ProposalCounts } from '../../../contract/review.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { TextInput } from '../../components/field.tsx'
import { Select, type Option } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { formatMoment } from '../../support/times.ts'
import { useNarrow } from '../../support/use-media.ts'
import { flagText } from './flag-text.ts'
import { groupText } from './group-text.ts'
import { filterOf, type ReviewSearch } from './search.ts'

type Change = (change: Partial<ReviewSearch>) => void
const ALL = ''
const SEARCH_AFTER_MS = 250

/** What the proposals can be narrowed by. On a narrow screen behind a button. */
export function Filters({ search, onChange }: { search: ReviewSearch; onChange: Change }) {
  const { t } = useText()
  const narrow = useNarrow()
  const [open, setOpen] = useState(false)
  if (!narrow) return <Choices search={search} onChange={onChange} />
  const count = Object.keys(filterOf(search)).length
  return (
    <div className="mb-4">
      <Button icon={<ListFilter aria-hidden className="size-4" />} onClick={() => setOpen(true)}>
        {t('review.filters.open')}
        {count > 0 && ` (${count})`}
      </Button>
      <Sheet open={open} onClose={() => setOpen(false)} title={t('review.filters.label')}>
        <Choices search={search} onChange={onChange} />
      </Sheet>
    </div>
  )
}

/** Only what there is to choose from is offered. */
function Choices({ search, onChange }: { search: ReviewSearch; onChange: Change }) {
  const { t, language } = useText()
  // The choices are those of everything that waits, so that another can be chosen without going back first.
  const { data: all } = useQuery(queryOf(countProposals, { query: search.runId ? { runId: search.runId } : {} }))
  const { data: everything } = useQuery(queryOf(countProposals, { query: {} }))
  const isFiltered = Object.keys(filterOf(search)).length > 0
  if (!all || !everything) return null
  const counted = (entries: readonly { value: string; label: string; count: number }[]): Option[] =>
    entries.map(({ value, label, count }) => ({ value, label, note: formatCount(count, language) }))
  const special: Option[] = [
    { value: 'flagged', label: t('review.filters.flagged'), note: formatCount(all.flagged, language) },
    { value: 'unflagged', label: t('review.filters.unflagged'), note: formatCount(all.total - all.flagged, language) },
    ...(all.overPerson > 0
      ? [{ value: 'overPerson', label: t('review.filters.overPerson'), note: formatCount(all.overPerson, language) }]
      : []),
    ...all.flags.map(({ reason, count }) => ({ value: `flag:${reason}`, label: flagText(reason, t), note: formatCount(count, language) })),
  ]
  return (
    <div
      role="search"
      aria-label={t('review.filters.label')}
      className="mb-4 flex flex-col gap-4 md:flex-row md:flex-wrap md:items-end md:gap-3"
    >
      <div className="md:w-56">
        <SearchBox value={search.search ?? ''} onChange={(text) => onChange({ search: text === '' ? undefined : text })} />
      </div>
      <Choice
        label={t('review.filters.run')}
        all={t('review.filters.allRuns')}
        value={search.runId}
        options={everything.runs.map(({ runId, name, startedAt, count }) => ({
          value: runId,
          label: name ?? (startedAt ? formatMoment(startedAt, language) : runId.slice(0, 8)),
          note: formatCount(count, language),
        }))}
        unlisted={t('review.filters.oneRun')}
        wide
        onChange={(runId) => onChange({ runId })}
      />
      <Choice
        label={t('review.filters.attribute')}
        all={t('review.filters.allAttributes')}
        value={search.attribute}
        options={counted(all.attributes.map(({ attribute, count }) => ({ value: attribute, label: attribute, count })))}
        onChange={(attribute) => onChange({ attribute })}
      />
      <Choice
        label={t('review.filters.look')}
        all={t('review.filters.allLooks')}
        value={lookOf(search)}
        options={special}
        onChange={(look) => onChange(searchOfLook(look))}
      />
      {all.locales.length > 1 && (
        <Choice
          label={t('review.filters.locale')}
          all={t('review.filters.allLocales')}
          value={search.locale}
          options={counted(all.locales.flatMap(({ locale, count }) => (locale === null ? [] : [{ value: locale, label: locale, count }])))}
          onChange={(locale) => onChange({ locale })}
        />
      )}
      {all.channels.length > 1 && (
        <Choice
          label={t('review.filters.channel')}
          all={t('review.filters.allChannels')}
          value={search.channel}
          options={counted(
            all.channels.flatMap(({ channel, count }) => (channel === null ? [] : [{ value: channel, label: channel, count }])),
          )}
          onChange={(channel) => onChange({ channel })}
        />
      )}
      {all.models.length > 1 && (
        <Choice
          label={t('review.filters.model')}
          all={t('review.filters.allModels')}
          value={search.model}
          options={counted(all.models.map(({ model, count }) => ({ value: model, label: model, count })))}
          onChange={(model) => onChange({ model })}
        />
      )}
      {isFiltered && (
        <Button kind="quiet" icon={<X aria-hidden className="size-4" />} onClick={() => onChange(NONE)}>
          {t('review.filters.clear')}
        </Button>
      )}
    </div>
  )
}

const NONE: { [Name in keyof Required<ReviewSearch>]: undefined } = {
  search: undefined,
  sourceId: undefined,
  family: undefined,
  productId: undefined,
  runId: undefined,
  attribute: undefined,
  locale: undefined,
  channel: undefined,
  model: undefined,
  flag: undefined,
  kind: undefined,
  flagged: undefined,
  overPerson: undefined,
  change: undefined,
  words: undefined,
  sampleId: undefined,
}

/** Why a proposal needs a look is one choice, though it is three filters. */
function lookOf({ flag, flagged, overPerson }: ReviewSearch): string | undefined {
  if (flag !== undefined) return `flag:${flag}`
  if (overPerson) return 'overPerson'
  return flagged === undefined ? undefined : flagged ? 'flagged' : 'unflagged'
}

function searchOfLook(look: string | undefined): Partial<ReviewSearch> {
  const none = { flag: undefined, flagged: undefined, overPerson: undefined }
  if (look === undefined) return none
  if (look.startsWith('flag:')) return { ...none, flag: look.slice('flag:'.length) }
  return look === 'overPerson' ? { ...none, overPerson: true } : { ...none, flagged: look === 'flagged' }
}

interface ChoiceProps {
  label: string
  all: string
  value: string | undefined
  options: readonly Option[]
  /** What the chosen one is called when it is not among them any more; absent: its value is its name. */
  unlisted?: string
  wide?: boolean
  onChange: (value: string | undefined) => void
}

/** One of some, or all of them. */
function Choice({ label, all, value, options, unlisted, wide = false, onChange }: ChoiceProps) {
  const known = value === undefined || options.some((option) => option.value === value)
  const shown = [{ value: ALL, label: all }, ...options, ...(known ? [] : [{ value, label: unlisted ?? value }])]
  return (
    <div className={wide ? 'md:w-56' : 'md:w-44'}>
      <Select label={label} value={value ?? ALL} options={shown} onChange={(next) => onChange(next === ALL ? undefined : next)} />
    </div>
  )
}

/** Searches when the person pauses. */
function SearchBox({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const { t } = useText()
  const [text, setText] = useState(value)
  const [asked, setAsked] = useState(value)
  if (asked !== value) {
    // cleared, or gone back to, elsewhere on the page
    setAsked(value)
    setText(value)
  }
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text.trim()), SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <TextInput label={t('review.filters.search')} type="search" value={text} onChange={(event) => setText(event.currentTarget.value)} />
  )
}

/** The filter in words: what an action on all that match is about. */
export function useFilterWords(search: ReviewSearch, counts: ProposalCounts | undefined): string[] {
  const { t, language } = useText()
  const run = counts?.runs.find(({ runId }) => runId === search.runId)
  const look = lookOf(search)
  return [
    ...(search.search ? [t('review.words.search', { text: search.search })] : []),
    ...(search.runId
      ? [t('review.words.run', { name: run?.name ?? (run?.startedAt ? formatMoment(run.startedAt, language) : search.runId.slice(0, 8)) })]
      : []),
    ...(search.attribute ? [t('review.words.attribute', { name: search.attribute })] : []),
    ...(search.family ? [t('review.words.family', { name: search.family })] : []),
    ...(search.locale ? [t('review.words.locale', { name: search.locale })] : []),
    ...(search.channel ? [t('review.words.channel', { name: search.channel })] : []),
    ...(search.model ? [t('review.words.model', { name: search.model })] : []),
    ...(search.flag ? [flagText(search.flag, t)] : []),
    ...(look === 'flagged' || look === 'unflagged' || look === 'overPerson' ? [t(`review.filters.${look}`)] : []),
    ...(search.productId ? [t('review.words.product')] : []),
    ...(search.sourceId ? [t('review.words.source')] : []),
    ...(search.kind ? [t(`common.provenance.${search.kind}`)] : []),
    ...(search.change ? [groupText(search.change, search.words ?? null, t)] : []),
    ...(search.sampleId ? [t('groups.inSample')] : []),
  ]
}
