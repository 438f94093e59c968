import { useId, useState } from 'react'
import {
  addRateLimit,
  changeRateLimit,
  type CoversInput,
  listRateLimits,
  RATE_LIMIT_UNITS,
  type RateLimitView,
} from '../../../contract/budgets.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { RadioGroup } from '../../components/choice.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { NumberInput } from '../enrich/number-input.tsx'
import { useForm } from '../people/person-form.tsx'
import { coversInputOf } from './covers-text.ts'
import { CoversFields } from './covers-fields.tsx'

/** Adds a rate limit, or changes `limit`. */
export function RateLimitForm({ limit, onClose }: { limit?: RateLimitView; onClose: () => void }) {
  const { t } = useText()
  const formId = useId()
  const [name, setName] = useState(limit?.name ?? '')
  const [counts, setCounts] = useState<RateLimitView['counts']>(limit?.counts ?? 'requests')
  const [perMinute, setPerMinute] = useState<number | undefined>(limit?.perMinute)
  const [burst, setBurst] = useState<number | undefined>(limit && limit.burst !== limit.perMinute ? limit.burst : undefined)
  const [covers, setCovers] = useState<CoversInput>(limit ? coversInputOf(limit.covers) : {})
  const isComplete = name.trim() !== '' && perMinute !== undefined && perMinute > 0 && burst !== 0
  const form = useForm(async () => {
    const common = { name, perMinute: perMinute!, burst: burst ?? perMinute!, covers }
    if (limit) await callApi(changeRateLimit, { params: { rateLimitId: limit.id }, body: common })
    else await callApi(addRateLimit, { body: { ...common, counts } })
    await invalidate(listRateLimits)
    say(t(limit ? 'budgets.limits.changed' : 'budgets.limits.added', { name: name.trim() }))
    onClose()
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={limit ? limit.name : t('budgets.limits.add')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" type="submit" form={formId} busy={form.busy} disabled={!isComplete}>
            {t(limit ? 'budgets.limits.save' : 'budgets.limits.add')}
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
        <TextInput
          label={t('budgets.name')}
          required
          maxLength={100}
          value={name}
          onValueChange={setName}
          error={form.problem?.issue('name')}
        />
        {!limit && (
          <RadioGroup
            inline
            label={t('budgets.limits.counts')}
            value={counts}
            onChange={setCounts}
            options={RATE_LIMIT_UNITS.map((value) => ({ value, label: t(`budgets.limits.${value}`) }))}
          />
        )}
        <NumberInput
          label={t(`budgets.limits.${counts}PerMinute`)}
          value={perMinute}
          onChange={setPerMinute}
          error={form.problem?.issue('perMinute')}
        />
        <NumberInput label={t('budgets.limits.burst')} value={burst} onChange={setBurst} error={form.problem?.issue('burst')} />
        {perMinute !== undefined && perMinute > 0 && <Example counts={counts} perMinute={perMinute} burst={burst ?? perMinute} />}
        <CoversFields covers={covers} onChange={setCovers} />
        {form.problem && <ErrorNote problem={form.problem} />}
      </form>
    </Sheet>
  )
}

/** What the limit will do, in its own figures. */
function Example({ counts, perMinute, burst }: { counts: RateLimitView['counts']; perMinute: number; burst: number }) {
  const { t, language } = useText()
  const count = (of: number): string => formatCount(of, language)
  return (
    <Note meaning="information">
      <p>{t(`budgets.limits.${counts}Example`, { burst: count(burst), perMinute: count(perMinute), most: count(perMinute + burst) })}</p>
    </Note>
  )
}
