import type { CallInFlight, CallSummary } from '../../../contract/consumption.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { Count, Money, RelativeTime, Unknown } from '../../components/figures.tsx'
import type { Column } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { useLabels } from './labels.ts'

/** A call that ended, or one that is under way. */
export type AnyCall = CallSummary | CallInFlight

const hasEnded = (call: AnyCall): call is CallSummary => 'outcome' in call

type Id = 'at' | 'origin' | 'model' | 'connection' | 'member' | 'outcome' | 'tokens' | 'cost' | 'duration'

/** The columns of lists of single calls, to choose from. */
export function useCallColumns(): Readonly<Record<Id, Column<AnyCall>>> {
  const { t, language } = useText()
  const label = useLabels()
  return {
    at: {
      id: 'at',
      header: t('consumption.call.when'),
      width: '8rem',
      fixed: true,
      card: 'title',
      cell: ({ at }) => <RelativeTime at={at} />,
    },
    origin: { id: 'origin', header: t('consumption.groupings.origin'), cell: ({ origin }) => <Cut text={label('origin', origin)} /> },
    model: {
      id: 'model',
      width: '10rem',
      header: t('consumption.groupings.model'),
      cell: (call) => (
        <Cut
          text={(hasEnded(call) ? call.servedModel : null) ?? (call.requestedModel === '' ? t('consumption.noModel') : call.requestedModel)}
        />
      ),
    },
    connection: {
      id: 'connection',
      width: '9rem',
      header: t('consumption.groupings.connection'),
      cell: ({ connection }) => <Cut text={label('connection', { key: connection.id, name: connection.name })} />,
    },
    member: {
      id: 'member',
      header: t('consumption.groupings.member'),
      width: '8rem',
      cell: ({ member }) => <Cut text={label('member', member)} />,
    },
    outcome: {
      id: 'outcome',
      header: t('consumption.call.outcome'),
      width: '8rem',
      cell: (call) =>
        hasEnded(call) ? <Outcome of={call.outcome} /> : <Badge meaning="information">{t('consumption.call.running')}</Badge>,
    },
    tokens: {
      id: 'tokens',
      header: t('consumption.measures.tokens'),
      align: 'end',
      width: '6rem',
      cell: (call) => hasEnded(call) && (call.tokens === null ? <Unknown why={t('common.usageUnknown')} /> : <Count of={call.tokens} />),
    },
    cost: {
      id: 'cost',
      header: t('consumption.measures.cost'),
      align: 'end',
      width: '7rem',
      cell: (call) => hasEnded(call) && <Money of={call.cost} why={whyUnknown(call, t)} />,
    },
    duration: {
      id: 'duration',
      header: t('consumption.call.took'),
      align: 'end',
      width: '6rem',
      cell: (call) => hasEnded(call) && <span className="tabular whitespace-nowrap">{milliseconds(call.durationMs, language)}</span>,
    },
  }
}

/** Why nobody knows what a call cost. */
export const whyUnknown = ({ outcome, tokens }: Pick<CallSummary, 'outcome' | 'tokens'>, t: ReturnType<typeof useText>['t']): string =>
  outcome === 'interrupted'
    ? t('consumption.why.interrupted')
    : tokens === null
      ? t('consumption.why.noUsage')
      : t('consumption.why.noPrice')

const milliseconds = (count: number, language: string): string =>
  new Intl.NumberFormat(language, { style: 'unit', unit: 'millisecond', unitDisplay: 'short', numberingSystem: 'latn' }).format(count)

const Cut = ({ text }: { text: string }) => (
  <span className="block truncate" title={text}>
    {text}
  </span>
)

const MEANINGS: Record<CallSummary['outcome'], Meaning> = {
  succeeded: 'good',
  failed: 'failing',
  interrupted: 'attention',
  not_sent: 'neutral',
  cancelled: 'neutral',
}

export function Outcome({ of }: { of: CallSummary['outcome'] }) {
  const { t } = useText()
  return <Badge meaning={MEANINGS[of]}>{t(`consumption.outcomes.${of}`)}</Badge>
}
