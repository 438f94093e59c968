import type { ReactNode } from 'react'
import { Checkbox, RadioGroup } from '../../components/choice.tsx'

/** Any of some things, or only those that are chosen. */
export function AnyOrSome({
  label,
  any,
  some,
  value,
  onChange,
  children,
}: {
  label: string
  /** "any model" */
  any: string
  /** "only these" */
  some: string
  /** Null: any. */
  value: readonly string[] | null
  onChange: (value: string[] | null) => void
  /** How they are chosen. */
  children: ReactNode
}) {
  return (
    <div className="flex flex-col gap-2">
      <RadioGroup
        label={label}
        inline
        value={value === null ? 'any' : 'some'}
        onChange={(next) => onChange(next === 'any' ? null : [])}
        options={[
          { value: 'any', label: any },
          { value: 'some', label: some },
        ]}
      />
      {value !== null && <div className="ps-6">{children}</div>}
    </div>
  )
}

/** A few things, each with its box. */
export function Boxes({
  options,
  value,
  onChange,
}: {
  options: readonly { readonly value: string; readonly label: string }[]
  value: readonly string[]
  onChange: (value: string[]) => void
}) {
  return (
    <div className="grid gap-1.5 sm:grid-cols-2">
      {options.map((option) => (
        <Checkbox
          key={option.value}
          label={option.label}
          checked={value.includes(option.value)}
          onChange={(checked) => onChange(checked ? [...value, option.value] : value.filter((one) => one !== option.value))}
        />
      ))}
    </div>
  )
}
