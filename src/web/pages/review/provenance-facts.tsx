import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { UsageUnit } from '../../../base/usage.ts'
import type { ValueProvenanceView } from '../../../contract/review.ts'
import { Money, RelativeTime, Tokens, Unknown } from '../../components/figures.tsx'
import { ProvenanceMark, type Provenance } from '../../components/provenance-mark.tsx'
import { type Translate, useText } from '../../messages/text.tsx'

/** The mark of a value: on whose word it stands, where nobody looked at it. */
export function markOf({ kind, decision }: { kind: ValueProvenanceView['kind']; decision: string | null }): Provenance {
  if (kind !== 'generated') return kind
  if (decision === 'accepted by rule') return 'acceptedByRule'
  return decision === 'accepted by command' ? 'acceptedByCommand' : kind
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-2">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

/** Where a value came from, down to the call and its cost: what the small mark opens. */
export function ProvenanceFacts({ provenance, acceptedBy = null }: { provenance: ValueProvenanceView; acceptedBy?: string | null }) {
  const { t } = useText()
  const { kind, actorName, model, connection, callId, runId, rules, filledFrom } = provenance
  return (
    <>
      <p className="text-ink-2">{t(`review.facts.from.${kind}`)}</p>
      {[actorName, model, connection, callId, runId, acceptedBy, filledFrom].some((fact) => fact !== null) && (
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
          {actorName !== null && <Fact name={t('review.facts.person')}>{actorName}</Fact>}
          {model !== null && (
            <Fact name={t('review.facts.model')}>
              <code className="font-mono text-table">{model}</code>
            </Fact>
          )}
          {connection !== null && (
            <Fact name={t('review.facts.connection')}>
              <code className="font-mono text-table">{connection}</code>
            </Fact>
          )}
          {rules.length > 0 && (
            <Fact name={t('review.facts.foundIn')}>
              <ul>
                {rules.map(({ attribute, rule, source, words }) => (
                  <li key={attribute}>
                    {attribute !== '' && <span className="text-ink-2">{attribute}, </span>}
                    {t(`review.facts.rule.${rule}`, { words, source: sourceName(source, t) })}
                  </li>
                ))}
              </ul>
            </Fact>
          )}
          {filledFrom && (
            <Fact name={t('review.facts.filled')}>
              <Link to={`/catalogue/${filledFrom.productId}` as '/'} className="link">
                {t('review.facts.filledFrom')}
              </Link>
              <ul>
                {filledFrom.words.map(({ from, to }) => (
                  <li key={from}>
                    <bdi>{t('review.facts.filledWords', { from, to })}</bdi>
                  </li>
                ))}
              </ul>
            </Fact>
          )}
          {callId !== null && <CallFacts callId={callId} call={provenance.call} />}
          {runId !== null && (
            <Fact name={t('review.facts.run')}>
              <Link to={`/runs/${runId}` as '/'} className="link">
                {t('review.facts.openRun')}
              </Link>
            </Fact>
          )}
          {acceptedBy !== null && <Fact name={t('review.facts.acceptedBy')}>{acceptedBy}</Fact>}
        </dl>
      )}
    </>
  )
}

const sourceName = (source: string, t: Translate): string =>
  source === 'title' || source === 'description' ? t(`review.facts.source.${source}`) : source

const INPUT: readonly UsageUnit[] = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_long_tokens']
const OUTPUT: readonly UsageUnit[] = ['output_tokens', 'reasoning_tokens']

function CallFacts({ callId, call }: { callId: string; call: ValueProvenanceView['call'] }) {
  const { t } = useText()
  const why = t(whyUnknown(call))
  if (call === null) {
    return (
      <Fact name={t('review.facts.cost')}>
        <Unknown why={why} />
      </Fact>
    )
  }
  const { cost, share, values, usage, at } = call
  const tokens = (units: readonly UsageUnit[]) => (usage === null ? null : units.reduce((sum, unit) => sum + (usage[unit] ?? 0), 0))
  return (
    <>
      <Fact name={t('review.facts.cost')}>
        <Money of={share} why={why} />
      </Fact>
      <Fact name={t('review.facts.call')}>
        <Link to="/consumption" search={{ call: callId }} className="link">
          <Money of={cost} why={why} />
        </Link>{' '}
        {values !== null && t('review.facts.forValues', { count: values })}
      </Fact>
      <Fact name={t('review.facts.input')}>
        <Tokens of={tokens(INPUT)} />
      </Fact>
      <Fact name={t('review.facts.output')}>
        <Tokens of={tokens(OUTPUT)} />
      </Fact>
      <Fact name={t('review.facts.at')}>
        <RelativeTime at={at} />
      </Fact>
    </>
  )
}

/** Why the cost of a value is not known. */
export function whyUnknown(call: ValueProvenanceView['call']) {
  if (call === null) return 'review.facts.noCall'
  if (call.cost) return 'review.facts.noShare'
  return call.costUnknown === 'no_usage' ? 'common.usageUnknown' : 'common.costUnknown'
}

/** The mark with what it opens, for a value that is not a plain import. */
export function ValueMark({
  provenance,
  decision = null,
  wordy = false,
}: {
  provenance: ValueProvenanceView
  decision?: string | null
  wordy?: boolean
}) {
  return (
    <ProvenanceMark kind={markOf({ kind: provenance.kind, decision })} wordy={wordy}>
      <ProvenanceFacts provenance={provenance} />
    </ProvenanceMark>
  )
}
