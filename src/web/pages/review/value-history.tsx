import { useInfiniteQuery } from '@tanstack/react-query'
import { valueHistory, type ValueEventView } from '../../../contract/review.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Diff } from '../../components/diff.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { ProvenanceMark } from '../../components/provenance-mark.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText, type Translate } from '../../messages/text.tsx'
import { markOf, ProvenanceFacts } from './provenance-facts.tsx'
import { valueText } from './value-text.ts'

const MEANINGS: Record<ValueEventView['state'], Meaning> = {
  accepted: 'good',
  proposed: 'attention',
  rejected: 'neutral',
  undone: 'neutral',
  superseded: 'neutral',
}

export interface ValueHistoryProps {
  productId: string
  attribute: string | undefined // undefined: closed
  onClose: () => void
}

/** Everything that happened to an attribute of a product, newest first, down to the call. */
export function ValueHistory({ productId, attribute, onClose }: ValueHistoryProps) {
  const { t } = useText()
  return (
    <Sheet open={attribute !== undefined} onClose={onClose} title={t('review.history.title', { attribute: attribute ?? '' })}>
      {attribute !== undefined && <Events productId={productId} attribute={attribute} />}
    </Sheet>
  )
}

function Events({ productId, attribute }: { productId: string; attribute: string }) {
  const { t } = useText()
  const history = useInfiniteQuery(listOf(valueHistory, { params: { productId, attribute }, query: { limit: 50 } }))
  if (history.isPending) return <FieldsSkeleton fields={3} />
  if (history.error) return <ErrorState problem={toApiProblem(history.error)} onRetry={() => void history.refetch()} />
  const { items, first } = history.data
  return (
    <>
      <ol className="flex flex-col">
        {items.map((event) => (
          <li key={event.id} className="border-s border-line ps-4 pb-6">
            <Happened event={event} />
          </li>
        ))}
        {history.hasNextPage ? (
          <li>
            <Button busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
              {t('common.table.more')}
            </Button>
          </li>
        ) : (
          first && (
            <li className="border-s border-line ps-4">
              <p className="flex flex-wrap items-center gap-x-2 text-ink-2">
                <ProvenanceMark kind="imported" wordy />
                <RelativeTime at={first.importedAt} />
              </p>
              <p dir="auto" className="mt-1 whitespace-pre-wrap">
                {valueText(first.imported) || <span className="text-ink-3">{t('common.diff.empty')}</span>}
              </p>
            </li>
          )
        )}
      </ol>
    </>
  )
}

function Happened({ event }: { event: ValueEventView }) {
  const { t } = useText()
  const { state, current, provenance, decision, locale, channel, value, replaced, createdAt, decidedAt } = event
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Badge meaning={MEANINGS[state]}>{t(`review.states.${state}`)}</Badge>
        {current && <Badge meaning="information">{t('review.history.current')}</Badge>}
        {locale && <span className="text-table text-ink-2">{locale}</span>}
        {channel && <span className="text-table text-ink-2">{channel}</span>}
        <span className="text-table text-ink-2">
          <RelativeTime at={decidedAt ?? createdAt} />
        </span>
      </p>
      <div className="my-2">
        <Diff before={valueText(replaced)} after={valueText(value)} {...(locale ? { locale } : {})} />
      </div>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-table text-ink-2">
        <ProvenanceMark kind={markOf({ kind: provenance.kind, decision })} wordy>
          <ProvenanceFacts provenance={provenance} />
        </ProvenanceMark>
        {decidedText(event, t)}
      </p>
    </>
  )
}

/** On whose word. */
function decidedText({ state, decision, decidedByName, provenance }: ValueEventView, t: Translate): string {
  if (decision === 'nothing to decide') return t('review.history.nothingToDecide')
  if (decidedByName !== null && provenance.actorName !== decidedByName) return t(`review.history.by.${state}`, { name: decidedByName })
  return provenance.actorName ?? ''
}
