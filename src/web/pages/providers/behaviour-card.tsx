import { CircleCheck, CircleHelp, CircleX, LoaderCircle } from 'lucide-react'
import { ABILITIES, type Ability, type AbilityState, type CardState, type CardView, type FindingView } from '../../../contract/behaviour.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Money, RelativeTime } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'

const MEANING: Record<CardState, Meaning> = {
  waiting: 'neutral',
  running: 'information',
  cancelling: 'information',
  finished: 'good',
  cancelled: 'attention',
  stopped: 'failing',
  interrupted: 'attention',
}

const LOOKS = {
  works: ['text-good', CircleCheck],
  does_not: ['text-attention', CircleX],
  unknown: ['text-ink-2', CircleHelp],
} as const satisfies Record<AbilityState, unknown>

/** Known by their names on the wire. */
const PARAMETERS: ReadonlySet<Ability> = new Set([
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'seed',
  'stop',
  'reasoning_effort',
])

/** One model's card: what was found, with the provider's words where it refused, and what the test of it cost. */
export function BehaviourCard({ card, onAgain }: { card: CardView; onAgain?: () => void }) {
  const { t } = useText()
  const { model, state, asking, findings, outdated, problem, startedAt, endedAt } = card
  const inOrder = ABILITIES.flatMap((ability) => findings.filter((finding) => finding.ability === ability))
  const groups = [
    ['abilities', inOrder.filter(({ ability }) => !PARAMETERS.has(ability))],
    ['parameters', inOrder.filter(({ ability }) => PARAMETERS.has(ability))],
  ] as const
  const isUnderWay = state === 'running' || state === 'cancelling'
  return (
    <li aria-label={model} className="rounded-md border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-2">
        <h3 className="min-w-0 flex-1 basis-40">
          <bdi dir="ltr" className="font-mono font-semibold break-all">
            {model}
          </bdi>
        </h3>
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1" role={isUnderWay ? 'status' : undefined}>
          <Badge meaning={MEANING[state]} {...(isUnderWay ? { icon: <LoaderCircle aria-hidden className="size-3.5 animate-spin" /> } : {})}>
            {t(`tested.states.${state}`)}
          </Badge>
          {asking && <span className="text-table text-ink-2">{t('tested.trying', { ability: t(`tested.abilities.${asking}`) })}</span>}
          {endedAt && (
            <span className="text-table text-ink-2">
              <RelativeTime at={endedAt} />
            </span>
          )}
        </span>
        {onAgain && (
          <Button small onClick={onAgain}>
            {t('tested.again')}
          </Button>
        )}
      </div>
      <div className="flex flex-col gap-3 border-t border-line px-4 py-3 empty:hidden">
        {outdated && <p className="text-attention">{t('tested.outdated')}</p>}
        {problem && (
          <p className="text-failing">
            <bdi lang="en" dir="ltr">
              {problem.detail}
            </bdi>{' '}
            <a className="link font-mono text-small" href={`/docs/errors/${problem.code}`} target="_blank" rel="noreferrer">
              {problem.code}
            </a>
          </p>
        )}
        {endedAt && state !== 'finished' && <p className="text-ink-2">{t(findings.length > 0 ? 'tested.partial' : 'tested.untried')}</p>}
        {groups.map(
          ([name, found]) =>
            found.length > 0 && (
              <div key={name}>
                <h4 className="mb-1.5 text-table text-ink-2">{t(`tested.groups.${name}`)}</h4>
                <ul className="grid gap-x-6 gap-y-2 sm:grid-cols-2">
                  {found.map((finding) => (
                    <Finding key={finding.ability} finding={finding} isOlder={finding.at < startedAt} />
                  ))}
                </ul>
              </div>
            ),
        )}
        <Spent card={card} />
        <LimitHeaders headers={card.limitHeaders} />
      </div>
    </li>
  )
}

function Finding({ finding: { ability, state, note, said, at }, isOlder }: { finding: FindingView; isOlder: boolean }) {
  const { t } = useText()
  const [colour, Icon] = LOOKS[state]
  return (
    <li className="flex min-w-0 items-start gap-2">
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', colour)} />
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <AbilityName of={ability} />
          <span className={cx('text-table', colour)}>{t(`tested.word.${state}`)}</span>
          {isOlder && (
            <span className="text-table text-ink-2">
              {t('tested.older')} <RelativeTime at={at} />
            </span>
          )}
        </p>
        {note && !(note === 'refused' && said) && <p className="text-table text-ink-2">{t(`tested.notes.${note}`)}</p>}
        {said && (
          <p className="text-table text-ink-2">
            {t('tested.said')}{' '}
            <bdi lang="en" dir="ltr" className="break-words">
              {said}
            </bdi>
          </p>
        )}
      </div>
    </li>
  )
}

function AbilityName({ of }: { of: Ability }) {
  const { t } = useText()
  const name = t(`tested.abilities.${of}`)
  if (!PARAMETERS.has(of)) return <span className="font-medium">{name}</span>
  return (
    <bdi dir="ltr" className="font-mono text-table">
      {name}
    </bdi>
  )
}

function Spent({ card: { calls, cost, unknownCostCalls } }: { card: CardView }) {
  const { t } = useText()
  if (calls === 0) return null
  return (
    <p className="flex flex-wrap gap-x-2 text-table text-ink-2">
      <span>{t('tested.spent')}</span>
      <span>{t('tested.calls', { count: calls })}</span>
      <Money of={cost} />
      {cost && unknownCostCalls > 0 && <span className="text-attention">{t('tested.unknownCost', { count: unknownCostCalls })}</span>}
    </p>
  )
}

function LimitHeaders({ headers }: { headers: CardView['limitHeaders'] }) {
  const { t } = useText()
  const entries = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return null
  return (
    <details className="text-table">
      <summary className="cursor-pointer text-ink-2 coarse:min-h-11">{t('tested.limits')}</summary>
      <ul dir="ltr" className="mt-1 flex flex-col font-mono text-small break-all">
        {entries.map(([name, value]) => (
          <li key={name}>{`${name}: ${value}`}</li>
        ))}
      </ul>
    </details>
  )
}
