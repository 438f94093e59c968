import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { unitsLike } from '../../../base/units.ts'
import { readStructure } from '../../../contract/structure.ts'
import { queryOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { valueText } from '../review/value-text.ts'
import { amountDraft, amountValue, pricesDraft, pricesValue } from './editor-values.ts'
import type { InputProps } from './value-input.ts'

export function NumberInput({ attribute, label, value, onChange }: InputProps) {
  const [text, setText] = useState(valueText(value))
  const { minimum, maximum } = attribute.rules
  return (
    <div className="max-w-48">
      <TextInput
        label={label}
        hideLabel
        autoFocus
        inputMode="decimal"
        dir="ltr"
        value={text}
        {...(minimum === undefined && maximum === undefined ? {} : { help: [minimum, maximum].map((bound) => bound ?? '…').join(' – ') })}
        onValueChange={(next) => {
          setText(next)
          const number = Number(next.trim())
          onChange(next.trim() === '' ? null : typeof value === 'number' && Number.isFinite(number) ? number : next.trim())
        }}
      />
    </div>
  )
}

export function MeasurementInput({ attribute, value, onChange }: InputProps) {
  const { t } = useText()
  const [draft, setDraft] = useState(() => {
    const begun = amountDraft(value)
    return { ...begun, unit: begun.unit || (attribute.rules.unit ?? '') }
  })
  const set = (change: Partial<typeof draft>) => {
    const next = { ...draft, ...change }
    setDraft(next)
    onChange(next.amount.trim() === '' ? null : amountValue(next, value))
  }
  const units = [...new Set([draft.unit, ...unitsLike(attribute.rules.unit ?? draft.unit)])].filter((unit) => unit !== '')
  return (
    <div className="grid max-w-80 grid-cols-[1fr_8rem] gap-2">
      <TextInput
        label={t('structure.values.amount')}
        autoFocus
        inputMode="decimal"
        dir="ltr"
        value={draft.amount}
        onValueChange={(amount) => set({ amount })}
      />
      {units.length > 1 ? (
        <Select
          label={t('structure.values.unit')}
          value={draft.unit}
          onChange={(unit) => set({ unit })}
          options={units.map((unit) => ({ value: unit, label: unit }))}
        />
      ) : (
        <TextInput label={t('structure.values.unit')} dir="ltr" value={draft.unit} onValueChange={(unit) => set({ unit })} />
      )}
    </div>
  )
}

export function PriceInput({ attribute, value, onChange }: InputProps) {
  const { t } = useText()
  const structure = useQuery(queryOf(readStructure))
  const own = attribute.rules.currency === undefined ? [] : [attribute.rules.currency]
  const known = value !== null && typeof value === 'object' ? (structure.data?.currencies ?? []) : own
  const [written, setWritten] = useState<Readonly<Record<string, string>>>({})
  const prices: Record<string, string> = { ...pricesDraft(value, known.slice(0, 6)), ...written }
  return (
    <div className="flex max-w-80 flex-col gap-2">
      {Object.entries(prices).map(([currency, amount], index) => (
        <TextInput
          key={currency}
          label={currency === '' ? t('structure.values.amount') : `${t('structure.values.amount')}, ${currency}`}
          autoFocus={index === 0}
          inputMode="decimal"
          dir="ltr"
          value={amount}
          end={currency || undefined}
          onValueChange={(text) => {
            const next = { ...written, [currency]: text }
            setWritten(next)
            onChange(pricesValue({ ...prices, ...next }, value))
          }}
        />
      ))}
    </div>
  )
}
