import { useQuery } from '@tanstack/react-query'
import { addBudget, addRateLimit, BUDGET_PERIODS, listBudgets, listRateLimits } from '../../../contract/budgets.ts'
import { callApi } from '../../api/call.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { NumberInput } from '../enrich/number-input.tsx'
import { isAmount, type LimitsDraft } from './key-draft.ts'

/** A budget and a rate limit of a virtual key's own; what is left empty is not set. */
export function LimitFields({ draft, onChange }: { draft: LimitsDraft; onChange: (draft: LimitsDraft) => void }) {
  const { t } = useText()
  const currency = useQuery(queryOf(listBudgets)).data?.currency
  const change = (some: Partial<LimitsDraft>): void => onChange({ ...draft, ...some })
  return (
    <fieldset className="flex flex-col gap-4 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">{t('gateway.limits.title')}</legend>
      <p className="text-table text-ink-2">{t('gateway.limits.help')}</p>
      <div className="grid grid-cols-[1fr_9rem] items-end gap-2">
        <TextInput
          label={t('gateway.limits.budget')}
          optional
          inputMode="decimal"
          dir="ltr"
          autoComplete="off"
          value={draft.limit}
          onValueChange={(limit) => change({ limit })}
          end={currency}
          error={draft.limit === '' || isAmount(draft.limit) ? undefined : t('budgets.noAmount')}
        />
        <Select
          label={t('budgets.period')}
          hideLabel
          value={draft.period}
          onChange={(period) => change({ period })}
          options={BUDGET_PERIODS.map((value) => ({ value, label: t(`budgets.periods.${value}`) }))}
        />
      </div>
      <NumberInput
        label={t('budgets.limits.requestsPerMinute')}
        optional
        value={draft.requestsPerMinute}
        onChange={(requestsPerMinute) => change({ requestsPerMinute })}
      />
      <NumberInput
        label={t('budgets.limits.tokensPerMinute')}
        optional
        value={draft.tokensPerMinute}
        onChange={(tokensPerMinute) => change({ tokensPerMinute })}
      />
    </fieldset>
  )
}

/** Sets them for one virtual key, under its name. @throws ApiProblem */
export async function setLimits(
  { limit, period, requestsPerMinute, tokensPerMinute }: LimitsDraft,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> {
  const covers = { virtualKeyIds: [id] }
  if (limit !== '') await callApi(addBudget, { body: { name, limit, period, covers } })
  if (requestsPerMinute !== undefined)
    await callApi(addRateLimit, { body: { name, counts: 'requests', perMinute: requestsPerMinute, covers } })
  if (tokensPerMinute !== undefined) await callApi(addRateLimit, { body: { name, counts: 'tokens', perMinute: tokensPerMinute, covers } })
  await invalidate(listBudgets, listRateLimits)
}
