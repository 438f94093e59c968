import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox'
import { Radio } from '@base-ui/react/radio'
import { RadioGroup as BaseRadioGroup } from '@base-ui/react/radio-group'
import { Switch as BaseSwitch } from '@base-ui/react/switch'
import { Check, Minus } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import { cx } from '../support/cx.ts'

const BOX =
  'mt-0.5 flex size-4 shrink-0 items-center justify-center border border-line-strong bg-surface text-on-brass ' +
  'data-checked:border-brass data-checked:bg-brass data-indeterminate:border-brass data-indeterminate:bg-brass data-disabled:bg-sunken'

export interface CheckboxProps {
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
  /** Some of what it stands for is chosen. */
  mixed?: boolean
  hideLabel?: boolean
  help?: ReactNode
  disabled?: boolean
}

export function Checkbox({ label, checked, onChange, mixed = false, hideLabel = false, help, disabled = false }: CheckboxProps) {
  const id = useId()
  return (
    <span className={cx('flex gap-2', !hideLabel && 'coarse:min-h-11 coarse:items-center')}>
      <BaseCheckbox.Root
        id={id}
        checked={checked}
        indeterminate={mixed}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next)}
        {...(hideLabel ? { 'aria-label': label } : {})}
        {...(help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
        className={cx(BOX, 'rounded-[4px]')}
      >
        <BaseCheckbox.Indicator className="flex data-unchecked:hidden">
          {mixed ? <Minus aria-hidden className="size-3" strokeWidth={3} /> : <Check aria-hidden className="size-3" strokeWidth={3} />}
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      {!hideLabel && (
        <span className="flex flex-col">
          <label htmlFor={id}>{label}</label>
          {help !== undefined && (
            <span id={`${id}-help`} className="text-table text-ink-2">
              {help}
            </span>
          )}
        </span>
      )}
    </span>
  )
}

/** On or off, at once; a choice that is sent with a form is a checkbox. */
export function Switch({ label, checked, onChange, help, disabled = false }: Omit<CheckboxProps, 'mixed' | 'hideLabel'>) {
  const id = useId()
  return (
    <span className="flex items-start justify-between gap-4">
      <span className="flex flex-col">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {help !== undefined && (
          <span id={`${id}-help`} className="text-table text-ink-2">
            {help}
          </span>
        )}
      </span>
      <BaseSwitch.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next)}
        {...(help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
        className="flex h-5 w-9 shrink-0 rounded-full border border-line-strong bg-sunken p-0.5 transition-colors data-checked:border-brass data-checked:bg-brass"
      >
        <BaseSwitch.Thumb className="size-3.5 rounded-full bg-ink-2 transition-[translate] data-checked:translate-x-4 data-checked:bg-on-brass rtl:data-checked:-translate-x-4" />
      </BaseSwitch.Root>
    </span>
  )
}

export interface RadioGroupProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  options: readonly { value: Value; label: string; help?: ReactNode; disabled?: boolean }[]
  hideLabel?: boolean
  /** Side by side, for two or three short words. */
  inline?: boolean
}

export function RadioGroup<Value extends string>({
  label,
  value,
  onChange,
  options,
  hideLabel = false,
  inline = false,
}: RadioGroupProps<Value>) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <span id={id} className={hideLabel ? 'sr-only' : 'font-medium'}>
        {label}
      </span>
      <BaseRadioGroup
        aria-labelledby={id}
        value={value}
        onValueChange={(next) => onChange(next)}
        className={cx('flex gap-x-4 gap-y-1.5', inline ? 'flex-wrap' : 'flex-col')}
      >
        {options.map((option) => (
          <span key={option.value} className="flex gap-2 coarse:min-h-11 coarse:items-center">
            <Radio.Root
              id={`${id}-${option.value}`}
              value={option.value}
              disabled={option.disabled ?? false}
              className={cx(BOX, 'rounded-full')}
            >
              <Radio.Indicator className="size-1.5 rounded-full bg-on-brass data-unchecked:hidden" />
            </Radio.Root>
            <span className="flex flex-col">
              <label htmlFor={`${id}-${option.value}`}>{option.label}</label>
              {option.help !== undefined && <span className="text-table text-ink-2">{option.help}</span>}
            </span>
          </span>
        ))}
      </BaseRadioGroup>
    </div>
  )
}
