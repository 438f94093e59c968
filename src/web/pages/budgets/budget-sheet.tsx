import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { formatNano, parseNano } from '../../../base/money.ts'
import {
  addBudget,
  BUDGET_PERIODS,
  type BudgetPeriod,
  type BudgetView,
  changeBudget,
  type CoversInput,
  listBudgets,
  NOTICE_PERCENTS,
  type OwnerPriceView,
  readBudget,
} from '../../../contract/budgets.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { Select } from '../../components/select.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { useForm } from '../people/person-form.tsx'
import { coversInputOf } from './covers-text.ts'
import { CoversFields } from './covers-fields.tsx'
import { Periods } from './periods.tsx'

/** A budget that is there: its periods, and for who may, what it is. */
export function BudgetSheet({ budgetId, onClose }: { budgetId: string; onClose: () => void }) {
  const { t } = useText()
  const may = useMay('budgets.write')
  const { data, error, isPending, refetch } = useQuery(queryOf(readBudget, { params: { budgetId } }))
  if (data && may)
    return <BudgetForm key={data.id} budget={data} currency={data.limit.currency} onClose={onClose} after={<Periods budget={data} />} />
  return (
    <Sheet open onClose={onClose} title={data?.name ?? t('budgets.one')}>
      {isPending ? (
        <FieldsSkeleton />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : (
        <Periods budget={data} />
      )}
    </Sheet>
  )
}

const AMOUNT = /^\d{1,9}(\.\d{1,9})?$/
/** The currencies of published prices; the workspace's own stands first. */
const CURRENCIES = ['USD', 'EUR', 'CNY'] as const

/** Adds a budget, or changes `budget`. */
export function BudgetForm({
  budget,
  currency: own,
  onClose,
  after,
}: {
  budget?: BudgetView
  currency: string
  onClose: () => void
  after?: React.ReactNode
}) {
  const { t } = useText()
  const formId = useId()
  const [name, setName] = useState(budget?.name ?? '')
  const [limit, setLimit] = useState(budget?.limit.amount ?? '')
  const [currency, setCurrency] = useState(own)
  const [period, setPeriod] = useState<BudgetPeriod>(budget?.period ?? 'month')
  const [covers, setCovers] = useState<CoversInput>(budget ? coversInputOf(budget.covers) : {})
  const [unknown, setUnknown] = useState<'refuse' | OwnerPriceView['per']>(budget?.ownerPrice?.per ?? 'refuse')
  const [price, setPrice] = useState(budget?.ownerPrice?.amount ?? '')
  const [tells, setTells] = useState(budget === undefined || budget.noticePercents.length > 0)
  const isComplete = name.trim() !== '' && AMOUNT.test(limit) && (unknown === 'refuse' || AMOUNT.test(price))
  const form = useForm(async () => {
    const ownerPrice = unknown === 'refuse' ? null : { per: unknown, amount: price }
    const kept = budget && budget.noticePercents.length > 0 ? budget.noticePercents : [...NOTICE_PERCENTS]
    const common = { name, limit, covers, ownerPrice, noticePercents: tells ? kept : [] }
    if (budget) await callApi(changeBudget, { params: { budgetId: budget.id }, body: common })
    else await callApi(addBudget, { body: { ...common, currency, period } })
    await invalidate(listBudgets, readBudget)
    say(t(budget ? 'budgets.changed' : 'budgets.added', { name: name.trim() }))
    onClose()
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={budget ? budget.name : t('budgets.add')}
      description={budget ? undefined : t('budgets.addWhat')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" type="submit" form={formId} busy={form.busy} disabled={!isComplete}>
            {t(budget ? 'budgets.save' : 'budgets.add')}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void form.send()
        }}
      >
        {after}
        <TextInput
          label={t('budgets.name')}
          required
          maxLength={100}
          autoFocus={!budget}
          value={name}
          onValueChange={setName}
          error={form.problem?.issue('name')}
        />
        <div className="grid grid-cols-[1fr_7rem] items-end gap-2">
          <TextInput
            label={t('budgets.limit')}
            inputMode="decimal"
            dir="ltr"
            autoComplete="off"
            required
            value={limit}
            onValueChange={setLimit}
            error={limit === '' || AMOUNT.test(limit) ? form.problem?.issue('limit') : t('budgets.noAmount')}
          />
          <Select
            label={t('budgets.currency')}
            hideLabel
            value={currency}
            disabled={budget !== undefined}
            onChange={setCurrency}
            options={[...new Set([own, ...CURRENCIES])].map((value) => ({ value, label: value }))}
          />
        </div>
        <Select
          label={t('budgets.period')}
          help={t(budget ? 'budgets.periodFixed' : 'budgets.periodHelp')}
          value={period}
          disabled={budget !== undefined}
          onChange={setPeriod}
          options={BUDGET_PERIODS.map((value) => ({ value, label: t(`budgets.periods.${value}`) }))}
        />
        <Example limit={limit} currency={currency} />
        <CoversFields covers={covers} onChange={setCovers} />
        <Select
          label={t('budgets.unknown.title')}
          help={t('budgets.unknown.help', { currency })}
          value={unknown}
          onChange={setUnknown}
          options={(['refuse', 'call', 'million_tokens'] as const).map((value) => ({ value, label: t(`budgets.unknown.${value}`) }))}
        />
        {unknown !== 'refuse' && (
          <TextInput
            label={t(`budgets.unknown.${unknown}Price`)}
            inputMode="decimal"
            dir="ltr"
            autoComplete="off"
            required
            value={price}
            onValueChange={setPrice}
            end={currency}
            error={price === '' || AMOUNT.test(price) ? undefined : t('budgets.noAmount')}
          />
        )}
        <Checkbox label={t('budgets.tells')} checked={tells} onChange={setTells} />
        {form.problem && <ErrorNote problem={form.problem} />}
      </form>
    </Sheet>
  )
}

/** What the limit will do, in its own figures: most of it used, one call that fits and one that does not. */
function Example({ limit, currency }: { limit: string; currency: string }) {
  const { t } = useText()
  const { money } = useMoneyText()
  if (!AMOUNT.test(limit) || parseNano(limit) === 0n) return null
  const share = (percent: bigint): string => money({ currency, amount: formatNano((parseNano(limit) * percent) / 100n) })
  return (
    <Note meaning="information">
      <p>{t('budgets.example', { used: share(98n), limit: share(100n), refused: share(3n), admitted: share(2n) })}</p>
    </Note>
  )
}
