import type { AskedSteps } from '../../../contract/run-steps.ts'
import type { PlanView } from '../../../contract/runs.ts'
import { Switch } from '../../components/choice.tsx'
import { MoneyRange } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { endsOf } from '../runs/run-words.ts'

type Step = PlanView['steps'][number]
type Changing = Exclude<Step['step'], 'unchanged'>

/** What each step of the plan saves, each with its switch; the quote follows. */
export function PlanSteps({
  plan,
  perCall,
  steps,
  recipePerCall,
  onChange,
}: {
  plan: PlanView
  perCall: number // how many products a call is best made of
  steps: AskedSteps
  recipePerCall: number
  onChange: (steps: AskedSteps) => void
}) {
  const { t } = useText()
  const turn = (step: Changing, on: boolean): void => {
    if (step === 'perCall') onChange({ ...steps, perCall: on ? perCall : recipePerCall > 1 ? 1 : 'recipe' })
    else onChange({ ...steps, [step]: on })
  }
  return (
    <div className="flex flex-col">
      <ul className="divide-y divide-line rounded-md border border-line">
        {plan.steps.map((step) => (
          <li key={step.step} className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-3 py-2.5">
            <div className="min-w-0 flex-1 basis-64">
              <StepName step={step} onTurn={turn} />
            </div>
            <p className="w-full text-table sm:w-44 sm:text-end">
              <StepSaving step={step} />
            </p>
          </li>
        ))}
      </ul>
      {plan.naive && plan.naive.high !== '0' && (
        <p className="pt-2 text-table text-ink-2">
          {t('enrich.steps.naive')} <MoneyRange {...endsOf(plan.naive)} />
        </p>
      )}
    </div>
  )
}

function StepName({ step: { step, on, because, count }, onTurn }: { step: Step; onTurn: (step: Changing, on: boolean) => void }) {
  const { t } = useText()
  const name = t(`enrich.steps.name.${step}`, { count: count ?? 0 })
  const help = because ? t(`enrich.steps.because.${because.code as 'no_cache'}`, because.values) : t(`enrich.steps.what.${step}`)
  if (step === 'unchanged') {
    return (
      <>
        <p className="font-medium">{name}</p>
        <p className="text-table text-ink-2">{help}</p>
      </>
    )
  }
  return <Switch label={name} help={help} checked={on && !because} disabled={because !== null} onChange={(now) => onTurn(step, now)} />
}

function StepSaving({ step: { on, because, saves, inputTokens, outputTokens } }: { step: Step }) {
  const { t } = useText()
  if (because) return <span className="text-ink-2">{t('enrich.steps.nothing')}</span>
  const tokens = inputTokens.high + outputTokens.high
  const isMoney = saves !== null && (saves.low !== '0' || saves.high !== '0') // a free model saves tokens alone
  return (
    <>
      <span className={cx('block', on ? 'font-medium' : 'text-ink-2')}>
        {t(on ? 'enrich.steps.saves' : 'enrich.steps.wouldSave')} {isMoney && <MoneyRange {...endsOf(saves)} />}
      </span>
      {tokens > 0 && <span className="block text-small text-ink-2">{t('enrich.steps.tokens', { count: tokens })}</span>}
    </>
  )
}
