import { Combobox as BaseCombobox } from '@base-ui/react/combobox'
import { Select as BaseSelect } from '@base-ui/react/select'
import { Check, ChevronDown, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useText } from '../messages/text.tsx'
import { Field, type FieldProps } from './field.tsx'

export interface Option<Value extends string = string> {
  value: Value
  label: string
  /** A second line or figure: a model's price, a connection's last four characters. */
  note?: ReactNode
  disabled?: boolean
}

const POPUP = 'floats max-h-[min(24rem,var(--available-height))] min-w-(--anchor-width) max-w-(--available-width) overflow-y-auto py-1'
const ITEM =
  'grid cursor-default grid-cols-[1rem_1fr_auto] items-center gap-x-2 px-2.5 py-1.5 text-body outline-none select-none ' +
  'data-highlighted:bg-selected data-disabled:text-ink-3 coarse:min-h-11'

export interface SelectProps<Value extends string> extends Omit<FieldProps, 'children'> {
  value: Value | null
  onChange: (value: Value) => void
  options: readonly Option<Value>[]
  placeholder?: string
  disabled?: boolean
  name?: string
}

/** One of a few. More than a dozen: `Combobox`. */
export function Select<Value extends string>({
  value,
  onChange,
  options,
  placeholder,
  disabled = false,
  name,
  ...field
}: SelectProps<Value>) {
  return (
    <Field {...field}>
      <BaseSelect.Root
        items={options}
        value={value}
        disabled={disabled}
        {...(name ? { name } : {})}
        onValueChange={(next) => {
          if (next !== null) onChange(next)
        }}
      >
        <BaseSelect.Trigger
          className="control flex items-center justify-between gap-2 text-start"
          title={options.find((option) => option.value === value)?.label}
        >
          <BaseSelect.Value className="min-w-0 truncate data-placeholder:text-ink-3" placeholder={placeholder} />
          <BaseSelect.Icon>
            <ChevronsUpDown aria-hidden className="size-4 text-ink-2" />
          </BaseSelect.Icon>
        </BaseSelect.Trigger>
        <BaseSelect.Portal>
          <BaseSelect.Positioner className="z-50 outline-none" sideOffset={4} alignItemWithTrigger={false}>
            <BaseSelect.Popup className={POPUP}>
              <BaseSelect.List>
                {options.map((option) => (
                  <BaseSelect.Item key={option.value} value={option.value} disabled={option.disabled ?? false} className={ITEM}>
                    <BaseSelect.ItemIndicator>
                      <Check aria-hidden className="size-4" />
                    </BaseSelect.ItemIndicator>
                    <BaseSelect.ItemText className="col-start-2">{option.label}</BaseSelect.ItemText>
                    {option.note !== undefined && <span className="text-table text-ink-2">{option.note}</span>}
                  </BaseSelect.Item>
                ))}
              </BaseSelect.List>
            </BaseSelect.Popup>
          </BaseSelect.Positioner>
        </BaseSelect.Portal>
      </BaseSelect.Root>
    </Field>
  )
}

export interface ComboboxProps<Value extends string> extends Omit<FieldProps, 'children'> {
  value: Value | null
  onChange: (value: Value | null) => void
  options: readonly Option<Value>[]
  placeholder?: string
  disabled?: boolean
  /** What to say when nothing matches; "Nothing found" otherwise. */
  empty?: string
}

/** One of many, found by typing: models, time zones, columns. Searches the label. */
export function Combobox<Value extends string>(props: ComboboxProps<Value>) {
  const { value, onChange, options, placeholder, disabled = false, empty, ...field } = props
  const { t } = useText()
  return (
    <Field {...field}>
      <BaseCombobox.Root
        items={options}
        value={options.find((option) => option.value === value) ?? null}
        onValueChange={(next: Option<Value> | null) => onChange(next?.value ?? null)}
        itemToStringLabel={(option: Option<Value>) => option.label}
        isItemEqualToValue={(a: Option<Value>, b: Option<Value>) => a.value === b.value}
        disabled={disabled}
        autoHighlight
        limit={200}
      >
        <BaseCombobox.InputGroup className="relative">
          <BaseCombobox.Input placeholder={placeholder} className="control pe-9" />
          <BaseCombobox.Trigger
            aria-label={t('common.openList')}
            className="absolute inset-y-0 inset-e-0 flex w-8 items-center justify-center text-ink-2 coarse:w-11"
          >
            <ChevronDown aria-hidden className="size-4" />
          </BaseCombobox.Trigger>
        </BaseCombobox.InputGroup>
        <BaseCombobox.Portal>
          <BaseCombobox.Positioner className="z-50 outline-none" sideOffset={4}>
            <BaseCombobox.Popup className={POPUP}>
              <BaseCombobox.Empty>
                <span className="block px-3 py-2 text-ink-2">{empty ?? t('common.nothingFound')}</span>
              </BaseCombobox.Empty>
              <BaseCombobox.List>
                {(option: Option<Value>) => (
                  <BaseCombobox.Item key={option.value} value={option} disabled={option.disabled ?? false} className={ITEM}>
                    <BaseCombobox.ItemIndicator>
                      <Check aria-hidden className="size-4" />
                    </BaseCombobox.ItemIndicator>
                    <span className="col-start-2 min-w-0">{option.label}</span>
                    {option.note !== undefined && <span className="text-table text-ink-2">{option.note}</span>}
                  </BaseCombobox.Item>
                )}
              </BaseCombobox.List>
            </BaseCombobox.Popup>
          </BaseCombobox.Positioner>
        </BaseCombobox.Portal>
      </BaseCombobox.Root>
    </Field>
  )
}
