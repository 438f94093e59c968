import type { ReactNode } from 'react'
import type { ConnectionView } from '../../../contract/connections.ts'
import type { LearnedLimit, PaceView } from '../../../contract/pace.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Count, RelativeTime } from '../../components/figures.tsx'
import { Card, Section } from '../../components/page.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { formatClock } from '../../support/times.ts'
import { FactLine } from './fact-line.tsx'

/** How often a page reads what is learned: while calls are under way or held, and else. */
export const paceRefreshMs = (pace: PaceView | null | undefined): number =>
  pace && (pace.inFlight > 0 || pace.waiting > 0 || pace.held || pace.circuit) ? 2_000 : 10_000

/** What a connection's provider says of its limits, and what its calls do about it. Live, as far as its page reads it again. */
export function LimitsLearned({ connection: { pace, practice } }: { connection: ConnectionView }) {
  const { t } = useText()
  if (practice && pace === null) return null
  return (
    <Section title={t('pace.title')} sentence={t('pace.sentence')}>
      <Card>
        {pace === null ? (
          <p className="text-ink-2">{t('pace.never')}</p>
        ) : (
          <div className="flex flex-col gap-4">
            <Trouble pace={pace} />
            <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[10rem_1fr]">
              {!pace.held && !pace.circuit && (
                <FactLine name={t('pace.state')}>{t(pace.waiting > 0 ? 'pace.spread' : 'pace.open')}</FactLine>
              )}
              <FactLine name={t('pace.inFlight')}>
                {t('pace.calls', { count: pace.inFlight })}
                {pace.waiting > 0 && ` ${t('pace.waiting', { count: pace.waiting })}`}
              </FactLine>
              <FactLine name={t('pace.most')}>
                {pace.mostInFlight === null ? (
                  <span className="text-ink-2">{t('pace.noBound')}</span>
                ) : (
                  t('pace.mostWhat', { count: pace.mostInFlight })
                )}
              </FactLine>
            </dl>
            {pace.limits.length === 0 ? <p className="text-ink-2">{t('pace.noLimits')}</p> : <Limits limits={pace.limits} />}
          </div>
        )}
      </Card>
    </Section>
  )
}

/** For lists: that calls of a connection wait, and why. Nothing while none has to. */
export function PaceBadge({ pace }: { pace: PaceView | null }) {
  const { t } = useText()
  if (pace?.circuit) return <Badge meaning="failing">{t('pace.badge.circuit')}</Badge>
  if (pace?.held) return <Badge meaning="attention">{t('pace.badge.held')}</Badge>
  return null
}

function Trouble({ pace: { circuit, held } }: { pace: PaceView }) {
  const { language } = useText()
  if (circuit) {
    return (
      <Note meaning="failing">
        <Text
          of="pace.circuit"
          parts={{ since: <RelativeTime at={circuit.openSince} />, next: <RelativeTime at={circuit.nextProbeAt} /> }}
        />
      </Note>
    )
  }
  if (!held) return null
  const code = (
    <a className="link font-mono text-small" href={`/docs/errors/${held.code}`} target="_blank" rel="noreferrer">
      {held.code}
    </a>
  )
  return (
    <Note meaning="attention">
      <Text of="pace.heldBy" values={{ time: formatClock(held.until, language) }} parts={{ code }} />
    </Note>
  )
}

/** Model by model, since providers count them apart. */
function Limits({ limits }: { limits: readonly LearnedLimit[] }) {
  const { t } = useText()
  const byModel = Map.groupBy(limits, ({ model }) => model)
  return (
    <div className="flex flex-col gap-4 border-t border-line pt-4">
      {[...byModel].map(([model, itsLimits]) => (
        <section key={model} aria-label={t('pace.model', { model })}>
          <h3 className="mb-1 text-table">
            <bdi dir="ltr" className="font-mono break-all">
              {model}
            </bdi>
          </h3>
          <ul className="flex flex-col gap-2">
            {itsLimits.toSorted(byKind).map((limit) => (
              <Limit key={`${limit.kind} ${limit.windowSeconds}`} limit={limit} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}

function Limit({ limit }: { limit: LearnedLimit }) {
  const { t } = useText()
  const name = useLimitName(limit)
  const { limit: most, remaining, resetsAt, at } = limit
  const share = most === null || most === 0 || remaining === null ? undefined : remaining / most
  return (
    <li className="grid items-center gap-x-4 gap-y-0.5 text-table sm:grid-cols-[13rem_6rem_1fr]">
      <span>{name}</span>
      <span aria-hidden className={cx('h-1.5 overflow-hidden rounded-full bg-line max-sm:order-last', share === undefined && 'invisible')}>
        <span className={cx('block h-full', (share ?? 1) > 0.1 ? 'bg-good' : 'bg-attention')} style={{ width: `${(share ?? 0) * 100}%` }} />
      </span>
      <span className="flex flex-wrap gap-x-3">
        <span className="tabular">
          <Left most={most} remaining={remaining} />
        </span>
        <span className="text-ink-2">
          {remaining === null ? (
            t('pace.renewedSince')
          ) : resetsAt !== null && remaining !== most ? (
            <Text of="pace.renewed" parts={{ time: <RelativeTime at={resetsAt} /> }} />
          ) : (
            <Text of="pace.told" parts={{ time: <RelativeTime at={at} /> }} />
          )}
        </span>
      </span>
    </li>
  )
}

function Left({ most, remaining }: { most: number | null; remaining: number | null }): ReactNode {
  const { t } = useText()
  if (most !== null && remaining !== null) return t('pace.left', { left: remaining, limit: most })
  if (remaining !== null) return t('pace.leftOnly', { left: remaining })
  return most === null ? null : <Count of={most} />
}

const KINDS = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const
const WINDOWS = [
  [1, 'second'],
  [60, 'minute'],
  [3_600, 'hour'],
  [86_400, 'day'],
  [7 * 86_400, 'week'],
  [30 * 86_400, 'month'],
] as const

/** Requests, then tokens, then what else is counted. */
function byKind(one: LearnedLimit, other: LearnedLimit): number {
  const [first, second] = [one, other].map(({ kind }) => (KINDS as readonly string[]).indexOf(kind) + 1 || Infinity) as [number, number]
  return first === second ? 0 : first - second
}

/** "requests per minute"; what a provider counts besides is called as the provider calls it. */
function useLimitName({ kind, windowSeconds }: LearnedLimit): string {
  const { t } = useText()
  const known = KINDS.find((one) => one === kind)
  const name = known ? t(`pace.kinds.${known}`) : kind.replaceAll(/[-_]/g, ' ')
  if (windowSeconds === null) return name
  const window = WINDOWS.find(([seconds]) => seconds === windowSeconds)?.[1]
  return t('pace.per', { kind: name, window: window ? t(`pace.windows.${window}`) : t('pace.windows.seconds', { count: windowSeconds }) })
}
