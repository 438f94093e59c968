import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { listOptions } from '../../../contract/structure.ts'
import { queryOf } from '../../api/query.ts'
import { IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { valueText } from '../review/value-text.ts'
import { entriesOf, entriesValue } from './editor-values.ts'
import { labelText } from './label-text.ts'
import type { AttributeFacts, InputProps } from './value-input.ts'

const MOST_OPTIONS = 500

/** An attribute's options, as many as can be shown at once, by label. */
function useOptions(attribute: AttributeFacts) {
  const { language } = useText()
  const { data } = useQuery(queryOf(listOptions, { params: { attribute: attribute.code }, query: { limit: MOST_OPTIONS } }))
  const options = (data?.items ?? []).map((option) => ({
    value: option.code,
    label: labelText(option, language),
    labels: Object.values(option.labels),
  }))
  return { options, isWhole: data?.nextCursor === null && options.length > 0, isThere: data !== undefined }
}

export function OptionInput({ attribute, label, value, onChange }: InputProps) {
  const { t } = useText()
  const { options, isWhole, isThere } = useOptions(attribute)
  const [chosen, setChosen] = useState<string | null>(() => valueText(value).trim() || null)
  const set = (next: string | null) => {
    setChosen(next)
    onChange(next === null || next.trim() === '' ? null : next.trim())
  }
  if (!isThere) return null
  if (!isWhole) {
    const help = options.length > 0 ? { help: t('structure.values.manyOptions') } : {}
    return <TextInput label={label} hideLabel autoFocus dir="auto" value={chosen ?? ''} onValueChange={set} {...help} />
  }
  const same = (text: string): boolean => text.toLowerCase() === chosen?.toLowerCase()
  const known = options.find((option) => same(option.value) || option.labels.some(same))
  const all = known || chosen === null ? options : [{ value: chosen, label: chosen, labels: [] }, ...options]
  return (
    <div className="max-w-96">
      <Combobox
        label={label}
        hideLabel
        value={known?.value ?? chosen}
        onChange={set}
        options={all.map(({ value: code, label: text }) => ({ value: code, label: text }))}
      />
    </div>
  )
}

export function OptionsInput({ attribute, label, value, onChange }: InputProps) {
  const { t } = useText()
  const { options, isWhole, isThere } = useOptions(attribute)
  const [chosen, setChosen] = useState<readonly string[]>(() => entriesOf(value))
  const [text, setText] = useState('')
  const set = (next: readonly string[]) => {
    setChosen(next)
    onChange(next.length === 0 ? null : entriesValue(next, value))
  }
  const nameOf = (code: string): string => options.find((option) => option.value === code)?.label ?? code
  if (!isThere) return null
  const rest = options
    .filter(({ value: code }) => !chosen.includes(code))
    .map(({ value: code, label: name }) => ({ value: code, label: name }))
  return (
    <div className="flex max-w-96 flex-col gap-2">
      <ul aria-label={label} className="flex flex-wrap gap-1.5 empty:hidden">
        {chosen.map((code) => (
          <li key={code} className="inline-flex items-center gap-1 rounded-md border border-line bg-sunken ps-2">
            <bdi>{nameOf(code)}</bdi>
            <IconButton
              small
              label={t('structure.remove', { code: nameOf(code) })}
              icon={<X aria-hidden className="size-3.5" />}
              onClick={() => set(chosen.filter((each) => each !== code))}
            />
          </li>
        ))}
      </ul>
      {isWhole ? (
        <Combobox
          key={chosen.length}
          label={t('structure.values.option')}
          value={null}
          onChange={(code) => code !== null && set([...chosen, code])}
          options={rest}
        />
      ) : (
        <TextInput
          label={t('structure.values.option')}
          value={text}
          onValueChange={setText}
          end={
            <IconButton
              small
              label={t('structure.add.options')}
              icon={<Plus aria-hidden className="size-4" />}
              onClick={() => {
                if (text.trim() !== '') set([...new Set([...chosen, text.trim()])])
                setText('')
              }}
            />
          }
        />
      )}
    </div>
  )
}
