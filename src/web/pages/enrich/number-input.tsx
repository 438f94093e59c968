import { useState } from 'react'
import { TextInput } from '../../components/field.tsx'

/** A number, or none while it is empty. What is no number yet stays as it was typed, and counts as none. */
export function NumberInput({
  label,
  value,
  onChange,
  error,
  help,
  optional = false,
  signed = false,
}: {
  label: string
  value: number | undefined
  onChange: (value: number | undefined) => void
  error?: string | undefined
  help?: string
  optional?: boolean
  signed?: boolean
}) {
  const [typed, setTyped] = useState<string>()
  const shown = typed !== undefined && numberOf(typed, signed) === value ? typed : (value?.toString() ?? '')
  return (
    <TextInput
      label={label}
      inputMode={signed ? 'decimal' : 'numeric'}
      dir="ltr"
      autoComplete="off"
      value={shown}
      onValueChange={(text) => {
        setTyped(text)
        onChange(numberOf(text, signed))
      }}
      error={error}
      help={help}
      optional={optional}
    />
  )
}

const numberOf = (text: string, signed: boolean): number | undefined =>
  (signed ? /^\s*-?\d{1,9}(?:\.\d{1,9})?\s*$/ : /^\s*\d{1,9}\s*$/).test(text) ? Number(text) : undefined
