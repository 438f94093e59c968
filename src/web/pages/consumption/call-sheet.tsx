import { useQuery } from '@tanstack/react-query'
import { USAGE_UNITS, type UsageUnit } from '../../../base/usage.ts'
import { type CallDetail, type CallInFlight, readCall } from '../../../contract/consumption.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Count, Money, Unknown } from '../../components/figures.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { formatExact } from '../../support/times.ts'
import { Outcome, whyUnknown } from './call-columns.tsx'
import { CostSteps } from './cost-steps.tsx'
import { contextLabel, useLabels } from './labels.ts'
import { Code, Fact, Facts, Part } from './parts.tsx'

/** Everything on record about one call, at the side of the page. */
export function CallSheet({ callId, onClose }: { callId: string | undefined; onClose: () => void }) {
  const { t } = useText()
  return (
    <Sheet open={callId !== undefined} onClose={onClose} title={t('consumption.call.title')}>
      {callId !== undefined && <Call callId={callId} />}
    </Sheet>
  )
}

const RUNNING_READ_EVERY_MS = 1_000

function Call({ callId }: { callId: string }) {
  const { data, error, isPending, refetch } = useQuery({
    ...queryOf(readCall, { params: { callId } }),
    refetchInterval: (query) => (query.state.data?.state === 'in_flight' ? RUNNING_READ_EVERY_MS : false),
  })
  if (isPending) return <FieldsSkeleton fields={6} />
  if (error) return <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
  return data.state === 'in_flight' ? <Running call={data} /> : <Record call={data} />
}

/** A call that has not ended. */
function Running({ call }: { call: CallInFlight }) {
  const { t, language } = useText()
  return (
    <div className="flex flex-col gap-6">
      <Badge meaning="information">{t('consumption.call.running')}</Badge>
      <p className="text-ink-2">{t('consumption.call.runningDetail')}</p>
      <Facts>
        <KnownFacts call={call} />
        <Fact label={t('consumption.call.intended')}>
          <time dateTime={call.at}>{formatExact(call.at, language)}</time>
        </Fact>
        <Fact label={t('consumption.call.atMost')}>
          <Money of={call.atMost} why={t('consumption.why.noPrice')} />
        </Fact>
      </Facts>
      <CopyField label={t('consumption.call.id')} value={call.id} />
    </div>
  )
}

/** What is known of a call from its beginning. */
function KnownFacts({ call }: { call: CallInFlight | CallDetail }) {
  const { t } = useText()
  const label = useLabels()
  return (
    <>
      <Fact label={t('consumption.groupings.origin')}>{label('origin', call.origin)}</Fact>
      <Fact label={t('consumption.groupings.context')}>{contextLabel(call.context, t)}</Fact>
      <Fact label={t('consumption.groupings.member')}>{label('member', call.member)}</Fact>
      <Fact label={t('consumption.groupings.connection')}>
        {label('connection', { key: call.connection.id, name: call.connection.name })}
      </Fact>
      <Fact label={t('consumption.call.requestedModel')}>
        <Code text={call.requestedModel} />
      </Fact>
    </>
  )
}

function Record({ call }: { call: CallDetail }) {
  const { t } = useText()
  return (
    <div className="flex flex-col gap-6">
      <div className="flex items-center justify-between gap-4">
        <span className="flex flex-wrap items-center gap-2">
          <Outcome of={call.outcome} />
          {call.errorCode && (
            <a className="link font-mono text-table" href={`/docs/errors/${call.errorCode}`} target="_blank" rel="noreferrer">
              {call.errorCode}
            </a>
          )}
        </span>
        <span className="text-section font-semibold">
          <Money of={call.cost} why={whyUnknown(call, t)} />
        </span>
      </div>
      <Facts>
        <KnownFacts call={call} />
        {call.keyVersion > 0 && (
          <Fact label={t('consumption.call.keyVersion')}>
            <Count of={call.keyVersion} />
          </Fact>
        )}
        <Fact label={t('consumption.call.servedModel')}>
          {call.servedModel === null ? <Unknown why={t('consumption.why.notSaid')} /> : <Code text={call.servedModel} />}
        </Fact>
        {call.serviceTier && <Fact label={t('consumption.call.serviceTier')}>{call.serviceTier}</Fact>}
        <Fact label={t('consumption.call.attempt')}>
          {call.attempt === 1 ? t('consumption.call.firstAttempt') : t('consumption.call.retry', { number: call.attempt })}
        </Fact>
        {call.status !== null && <Fact label={t('consumption.call.status')}>{String(call.status)}</Fact>}
      </Facts>
      <Usage call={call} />
      <CostSteps call={call} />
      {call.inputParts && <InputParts parts={call.inputParts} />}
      <Times call={call} />
      <div className="flex flex-col gap-3">
        <CopyField label={t('consumption.call.id')} value={call.id} />
        {call.providerRequestId && <CopyField label={t('consumption.call.providerRequestId')} value={call.providerRequestId} />}
      </div>
    </div>
  )
}

function Usage({ call }: { call: CallDetail }) {
  const { t } = useText()
  const { usage, usageSource } = call
  const units: readonly UsageUnit[] = USAGE_UNITS.filter((unit) => usage?.[unit] !== undefined)
  return (
    <Part title={t('consumption.call.usage')}>
      {!usage || units.length === 0 ? (
        <p className="text-ink-2">{call.costSource === 'not_billed' ? t('consumption.call.noUsage') : t('common.usageUnknown')}</p>
      ) : (
        <>
          <Facts>
            {units.map((unit) => (
              <Fact key={unit} label={t(`consumption.units.${unit}`)} end>
                <Count of={usage[unit]!} />
              </Fact>
            ))}
          </Facts>
          {usageSource && <p className="mt-1 text-table text-ink-2">{t(`consumption.usageSources.${usageSource}`)}</p>}
        </>
      )}
    </Part>
  )
}

function InputParts({ parts }: { parts: NonNullable<CallDetail['inputParts']> }) {
  const { t } = useText()
  return (
    <Part title={t('consumption.call.inputParts')}>
      <Facts>
        {Object.entries(parts).map(([part, tokens]) => (
          <Fact key={part} label={partLabel(part, t)} end>
            <Count of={tokens} unit={t('common.tokens', { count: tokens })} />
          </Fact>
        ))}
      </Facts>
      <p className="mt-1 text-table text-ink-2">{t('consumption.call.inputPartsDetail')}</p>
    </Part>
  )
}

const PARTS = ['system', 'product', 'message', 'retrieved', 'history'] as const

function partLabel(part: string, t: ReturnType<typeof useText>['t']): string {
  const known = PARTS.find((one) => one === part)
  return known ? t(`consumption.parts.${known}`) : part
}

function Times({ call }: { call: CallDetail }) {
  const { t, language } = useText()
  const { intended, sent, firstByte, ended } = call.times
  const start = Date.parse(intended)
  const since = (at: string): string => `+${seconds(Date.parse(at) - start, language)}`
  return (
    <Part title={t('consumption.call.times')}>
      <Facts>
        <Fact label={t('consumption.call.intended')} end>
          <time dateTime={intended}>{formatExact(intended, language)}</time>
        </Fact>
        {sent && (
          <Fact label={t('consumption.call.sent')} end>
            {since(sent)}
          </Fact>
        )}
        {firstByte && (
          <Fact label={t('consumption.call.firstByte')} end>
            {since(firstByte)}
          </Fact>
        )}
        <Fact label={t('consumption.call.ended')} end>
          {since(ended)}
        </Fact>
      </Facts>
    </Part>
  )
}

const seconds = (ms: number, language: string): string =>
  new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    numberingSystem: 'latn',
    maximumFractionDigits: 2,
  }).format(Math.max(0, ms) / 1000)
