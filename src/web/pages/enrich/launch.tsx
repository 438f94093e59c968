import type { MoneyRangeView } from '../../../contract/runs.ts'
import { Switch } from '../../components/choice.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { useMe } from '../../support/me.ts'
import type { Draft } from './draft.ts'
import { NumberInput } from './number-input.tsx'

const FIRST_ONES = 20

/** A canary before the rest, and the most that may be spent. */
export function Launch({
  draft,
  products,
  cost,
  onChange,
}: {
  draft: Draft
  products: number
  cost: MoneyRangeView | null
  onChange: (draft: Draft) => void
}) {
  const { t } = useText()
  const { workspace } = useMe()
  const isAmount = draft.cap.trim() === '' || /^\s*\d{1,9}(?:\.\d{1,9})?\s*$/.test(draft.cap)
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      <div className="flex flex-col gap-3">
        <Switch
          label={t('enrich.canary')}
          help={t('enrich.canaryHelp')}
          checked={draft.canary !== null}
          onChange={(on) => onChange({ ...draft, canary: on ? Math.min(FIRST_ONES, Math.max(1, products)) : null })}
        />
        {draft.canary !== null && (
          <div className="max-w-40">
            <NumberInput
              label={t('enrich.canaryProducts')}
              value={draft.canary}
              onChange={(canary) => onChange({ ...draft, canary: canary && canary > 0 ? canary : 1 })}
            />
          </div>
        )}
      </div>
      <TextInput
        label={t('runs.cap')}
        optional
        inputMode="decimal"
        dir="ltr"
        autoComplete="off"
        placeholder={cost?.high ?? ''}
        help={t('runs.capHelp')}
        error={isAmount ? undefined : t('enrich.capWrong')}
        value={draft.cap}
        onValueChange={(cap) => onChange({ ...draft, cap })}
        end={workspace.currency}
      />
    </div>
  )
}
