import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import type { ProposalGroupView } from '../../../contract/group-review.ts'
import { countProposals, listProposals } from '../../../contract/review.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Count } from '../../components/figures.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { AskFirst, Deciding } from './group-bar.tsx'
import { groupText } from './group-text.ts'
import { ProposalDiff } from './proposal-detail.tsx'
import { queryOfFilter, reviewSearch, type filterOf, type ReviewSearch } from './search.ts'
import { useDecideAll, type Decision } from './use-decide-all.ts'

const EXAMPLES = 3

export interface GroupCardProps {
  group: ProposalGroupView
  filterFor: (words: string | null) => ReturnType<typeof filterOf>
  asOf: string
  search: ReviewSearch
  drawing: boolean
  current: boolean // the keyboard is at it
  onSample: ((words: string | null) => void) | undefined // undefined: the person may only look
  onDone: () => void
}

/** One group: how many change alike and how, some of them as they are, and what can be done with all of them. */
export function GroupCard({ group, filterFor, asOf, search, drawing, current, onSample, onDone }: GroupCardProps) {
  const { t, language } = useText()
  const { attribute, kind, count, flagged, words } = group
  const only = words.length === 1 && words[0]!.count === count ? words[0]!.words : null
  // Of a group that falls into parts, one can be taken for itself.
  const [part, setPart] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const [asked, setAsked] = useState<Decision>()
  const { underWay, begin, stop } = useDecideAll(onDone)
  const taken = words.find((one) => one.words === part)
  const total = taken?.count ?? count
  const name = groupText(kind, taken?.words ?? only, t)
  const filter = filterFor(taken?.words ?? null)
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-baseline gap-x-2 gap-y-1">
            <span className="text-section font-semibold">
              <Count of={total} />
            </span>
            <bdi className="font-medium">{attribute}</bdi>
            <span>{name}</span>
            {flagged > 0 && kind !== 'flagged' && <Badge meaning="attention">{t('groups.flagged', { count: flagged })}</Badge>}
          </h2>
        </div>
        {onSample && !underWay && (
          <div className="flex flex-wrap gap-2">
            <Button small kind={current ? 'main' : 'plain'} busy={drawing} onClick={() => onSample(taken?.words ?? null)}>
              {t('groups.sample')}
            </Button>
            <Button small onClick={() => setAsked('accept')}>
              {t('groups.accept', { count: total })}
            </Button>
            <Button small onClick={() => setAsked('reject')}>
              {t('groups.reject', { count: total })}
            </Button>
          </div>
        )}
      </div>
      {underWay && (
        <div className="flex flex-wrap items-center gap-3">
          <Deciding underWay={underWay} onStop={stop} />
        </div>
      )}
      {only === null && words.length > 0 && (
        <div role="group" aria-label={t('groups.parts')} className="flex flex-wrap gap-1.5">
          {words.map((one) => (
            <Button
              key={one.words}
              small
              kind={one.words === part ? 'plain' : 'quiet'}
              aria-pressed={one.words === part}
              onClick={() => setPart(one.words === part ? null : one.words)}
            >
              <bdi>{groupText(kind, one.words, t)}</bdi> <Count of={one.count} />
            </Button>
          ))}
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button
          small
          kind="quiet"
          aria-expanded={open}
          icon={<ChevronDown aria-hidden className={open ? 'size-4 rotate-180' : 'size-4'} />}
          onClick={() => setOpen(!open)}
        >
          {t('groups.examples')}
        </Button>
        <Link to="/review" search={{ ...search, ...filter }} className={buttonClass({ kind: 'quiet', small: true })}>
          {t('groups.look')}
        </Link>
      </div>
      {open && <Examples filter={filter} />}
      {asked && (
        <Asking
          key={asked}
          decision={asked}
          filter={filter}
          overPersons={kind === 'over_person' || kind === 'from_source'}
          words={[new Intl.ListFormat(language, { type: 'unit' }).format([attribute, name])]}
          onClose={() => setAsked(undefined)}
          onConfirm={(overPersons) => begin({ decision: asked, filter, asOf, overPersons, total })}
        />
      )}
    </div>
  )
}

interface AskingProps {
  decision: Decision
  filter: ReturnType<typeof filterOf>
  overPersons: boolean // all of them are: that is what the group is about
  words: readonly string[]
  onClose: () => void
  onConfirm: (overPersons: boolean) => void
}

/** Counts the group as it is now before it is decided on. */
function Asking({ decision, filter, overPersons, words, onClose, onConfirm }: AskingProps) {
  const { data: counts } = useQuery(queryOf(countProposals, { query: queryOfFilter(reviewSearch(filter)) }))
  if (!counts) return null
  return (
    <AskFirst decision={decision} words={words} counts={counts} overPersonsAtFirst={overPersons} onClose={onClose} onConfirm={onConfirm} />
  )
}

/** The first few of a group, each with its difference. */
function Examples({ filter }: { filter: ReturnType<typeof filterOf> }) {
  const { data, error, isPending } = useQuery(
    queryOf(listProposals, { query: { ...queryOfFilter(reviewSearch(filter)), limit: EXAMPLES } }),
  )
  if (isPending) return <FieldsSkeleton fields={2} />
  if (error) return <ErrorNote problem={toApiProblem(error)} />
  return (
    <ul className="flex flex-col gap-3">
      {data.items.map((proposal) => (
        <li key={proposal.id} className="rounded-md border border-line bg-paper p-3">
          <p className="mb-1.5 text-table text-ink-2">
            <bdi>{proposal.product.name ?? proposal.product.identifier}</bdi>
            {proposal.locale && <> · {proposal.locale}</>}
          </p>
          <ProposalDiff proposal={proposal} />
        </li>
      ))}
    </ul>
  )
}
