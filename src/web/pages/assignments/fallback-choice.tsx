import { useId, useState } from 'react'
import { FALLBACK_CLASSES, type FallbackClass } from '../../../contract/assignments.ts'
import { Checkbox } from '../../components/choice.tsx'
import { useText } from '../../messages/text.tsx'

export interface FallbackChoiceProps {
  value: readonly FallbackClass[]
  /** Who would take over, in words. */
  next: string
  disabled: boolean
  onChange: (value: FallbackClass[]) => void
}

/** On which failures the next one takes over. Nothing unless the person says so: it may cost more. */
export function FallbackChoice({ value, next, disabled, onChange }: FallbackChoiceProps) {
  const { t } = useText()
  const id = useId()
  const [wasOpen] = useState(value.length > 0) // as it begins; the person opens and closes it
  return (
    <details className="rounded-md border border-line px-3 py-2" open={wasOpen}>
      <summary className="cursor-pointer coarse:min-h-11">
        <span className="font-medium">{t('assignments.fallback.title')}</span>{' '}
        <span className="text-ink-2">
          {value.length === 0 ? t('assignments.fallback.none') : t('assignments.fallback.some', { count: value.length })}
        </span>
      </summary>
      <p id={id} className="mt-2 text-table text-ink-2">
        {t('assignments.fallback.what', { next })}
      </p>
      <div role="group" aria-labelledby={id} className="mt-2 grid gap-1.5 sm:grid-cols-2">
        {FALLBACK_CLASSES.map((failure) => (
          <Checkbox
            key={failure}
            label={t(`assignments.fallback.${failure}`)}
            checked={value.includes(failure)}
            disabled={disabled}
            onChange={(checked) => onChange(FALLBACK_CLASSES.filter((one) => (one === failure ? checked : value.includes(one))))}
          />
        ))}
      </div>
    </details>
  )
}
