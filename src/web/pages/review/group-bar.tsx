import { useState } from 'react'
import type { ProposalCounts } from '../../../contract/review.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { Count } from '../../components/figures.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { useFilterWords } from './filters.tsx'
import { filterOf, type ReviewSearch } from './search.ts'
import { useDecideAll, type Decision, type UnderWay } from './use-decide-all.ts'

/** How many match and by what, and what can be done with all of them at once. */
export function GroupBar({ search, counts, onDone }: { search: ReviewSearch; counts: ProposalCounts; onDone: () => void }) {
  const { t } = useText()
  const mayDecide = useMay('review.decide')
  const words = useFilterWords(search, counts)
  const [asked, setAsked] = useState<Decision>()
  const { underWay, begin, stop } = useDecideAll(onDone)
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-3 rounded-md border border-line bg-surface px-3 py-2">
      {underWay ? (
        <Deciding underWay={underWay} onStop={stop} />
      ) : (
        <>
          <p className="min-w-0">
            <span className="font-medium">{t('review.all.matching', { count: counts.total })}</span>{' '}
            <span className="text-ink-2">
              {t('review.all.inProducts', { count: counts.products })}
              {words.length > 0 && ` · ${words.join(' · ')}`}
            </span>
          </p>
          {mayDecide && counts.total > 0 && (
            <div className="flex flex-wrap gap-2">
              <Button small onClick={() => setAsked('accept')}>
                {t('review.all.actions.accept', { count: counts.total })}
              </Button>
              <Button small onClick={() => setAsked('reject')}>
                {t('review.all.actions.reject', { count: counts.total })}
              </Button>
            </div>
          )}
        </>
      )}
      {asked && (
        <AskFirst
          key={asked}
          decision={asked}
          words={words}
          counts={counts}
          onClose={() => setAsked(undefined)}
          onConfirm={(overPersons) =>
            begin({ decision: asked, filter: filterOf(search), asOf: counts.asOf, overPersons, total: counts.total })
          }
        />
      )}
    </div>
  )
}

/** How far a decision on many is, and the way to end it. */
export function Deciding({ underWay, onStop }: { underWay: UnderWay; onStop: () => void }) {
  const { t } = useText()
  const { decision, total, decided, left } = underWay
  return (
    <>
      <div className="min-w-0 flex-1 basis-64">
        <ProgressBar
          label={t(`review.all.underWay.${decision}`)}
          progress={{ done: decided, flagged: 0, failed: 0, waiting: Math.max(0, total - decided - left) }}
        />
      </div>
      <Button onClick={onStop}>{t('review.all.stop')}</Button>
    </>
  )
}

interface AskFirstProps {
  decision: Decision
  words: readonly string[]
  counts: ProposalCounts
  overPersonsAtFirst?: boolean
  onClose: () => void
  onConfirm: (overPersons: boolean) => void
}

/** What will be done, to how many and which, and what stays out of it. */
export function AskFirst({ decision, words, counts, overPersonsAtFirst = false, onClose, onConfirm }: AskFirstProps) {
  const { t } = useText()
  const [overPersons, setOverPersons] = useState(overPersonsAtFirst)
  const spared = decision === 'accept' && !overPersons ? counts.overPerson : 0
  const count = counts.total - spared
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      dangerous={false}
      title={t(`review.all.titles.${decision}`, { count })}
      action={t(`review.all.actions.${decision}`, { count })}
      onConfirm={async () => onConfirm(overPersons)}
    >
      <p>{words.length === 0 ? t('review.all.everything') : t('review.all.filtered', { filter: words.join(' · ') })}</p>
      {counts.flagged > 0 && decision === 'accept' && (
        <p className="text-attention">{t('review.all.flaggedAmong', { count: counts.flagged })}</p>
      )}
      {counts.overPerson > 0 && decision === 'accept' && (
        <Checkbox label={t('review.all.overPersons', { count: counts.overPerson })} checked={overPersons} onChange={setOverPersons} />
      )}
      <p>{t('review.all.undoable')}</p>
    </ConfirmDialog>
  )
}

/** "3 of 1 203": where the person is in what matches. */
export function Position({ at, of }: { at: number; of: number }) {
  const { t } = useText()
  return (
    <span className="text-ink-2">
      <Count of={at} /> {t('review.of')} <Count of={of} />
    </span>
  )
}
