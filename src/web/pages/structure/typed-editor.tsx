import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { unitsLike } from '../../../base/units.ts'
import { listOptions, type ProductStandingView, readStructure } from '../../../contract/structure.ts'
import { queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { RadioGroup } from '../../components/choice.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { Combobox, Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { EditorForm, type EditorProps } from '../review/editor-form.tsx'
import { type Given, valueText } from '../review/value-text.ts'
import {
  amountDraft,
  amountValue,
  booleanValue,
  entriesOf,
  entriesValue,
  isYes,
  pricesDraft,
  pricesValue,
  rowsOf,
  rowsValue,
  type TableRow,
} from './editor-values.ts'
import { HtmlPreview } from './html-preview.tsx'
import { labelText } from './label-text.ts'

export type AttributeFacts = ProductStandingView['attributes'][number]

export interface TypedEditorProps extends EditorProps {
  attribute: AttributeFacts
  value: unknown
}

interface InputProps {
  readonly attribute: AttributeFacts
  readonly label: string
  readonly value: unknown
  readonly locale: string | null
  /** null: nothing. */
  readonly onChange: (given: Given | null) => void
}

/** Types that have an input of their own; the others are written as text. */
const INPUTS: Partial<Record<AttributeFacts['type'], (props: InputProps) => ReactNode>> = {
  number: NumberInput,
  measurement: MeasurementInput,
  price: PriceInput,
  boolean: BooleanInput,
  select: OptionInput,
  multi_select: OptionsInput,
  date: DateInput,
  image: AddressInput,
  html: HtmlInput,
  table: TableInput,
}

export const hasInput = (attribute: AttributeFacts | undefined): attribute is AttributeFacts =>
  attribute !== undefined && INPUTS[attribute.type] !== undefined

/** A value in the input of its attribute's type. What a file's own way of writing is, it stays. */
export function TypedEditor({ attribute, value, onSave, ...form }: TypedEditorProps) {
  const [given, setGiven] = useState<Given | null | undefined>(undefined)
  const Input = INPUTS[attribute.type]!
  const save = () => (given === undefined ? form.onCancel() : onSave(given))
  return (
    <EditorForm {...form} onSave={save}>
      <Input attribute={attribute} label={form.label} value={value} locale={form.locale} onChange={setGiven} />
    </EditorForm>
  )
}

function NumberInput({ attribute, label, value, onChange }: InputProps) {
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

function MeasurementInput({ attribute, value, onChange }: InputProps) {
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

function PriceInput({ attribute, value, onChange }: InputProps) {
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

function BooleanInput({ label, value, onChange }: InputProps) {
  const { t } = useText()
  const [yes, setYes] = useState(
    () => ({ true: 'yes', false: 'no', undefined: 'nothing' })[String(isYes(value)) as 'true'] as 'yes' | 'no' | 'nothing',
  )
  return (
    <RadioGroup
      label={label}
      hideLabel
      inline
      value={yes}
      onChange={(next) => {
        setYes(next)
        onChange(next === 'nothing' ? null : booleanValue(next === 'yes', value))
      }}
      options={(['yes', 'no', 'nothing'] as const).map((each) => ({ value: each, label: t(`structure.values.boolean.${each}`) }))}
    />
  )
}

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

function OptionInput({ attribute, label, value, onChange }: InputProps) {
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

function OptionsInput({ attribute, label, value, onChange }: InputProps) {
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

function DateInput({ label, value, onChange }: InputProps) {
  const [day, setDay] = useState(/^\d{4}-\d{2}-\d{2}/.exec(valueText(value))?.[0] ?? '')
  return (
    <div className="max-w-48">
      <TextInput
        label={label}
        hideLabel
        autoFocus
        type="date"
        value={day}
        onValueChange={(next) => {
          setDay(next)
          onChange(next || null)
        }}
      />
    </div>
  )
}

function AddressInput({ label, value, onChange }: InputProps) {
  const [text, setText] = useState(valueText(value))
  return (
    <TextInput
      label={label}
      hideLabel
      autoFocus
      dir="ltr"
      value={text}
      onValueChange={(next) => {
        setText(next)
        const lines = entriesOf(next)
        onChange(next.trim() === '' ? null : Array.isArray(value) ? lines : next.trim())
      }}
    />
  )
}

function HtmlInput({ label, value, locale, onChange }: InputProps) {
  const { t } = useText()
  const [html, setHtml] = useState(valueText(value))
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Textarea
        label={label}
        hideLabel
        autoFocus
        mono
        rows={8}
        dir="auto"
        lang={locale ?? undefined}
        value={html}
        onValueChange={(next) => {
          setHtml(next)
          onChange(next.trim() === '' ? null : next)
        }}
      />
      <section
        aria-label={t('structure.values.preview')}
        lang={locale ?? undefined}
        dir="auto"
        className="max-h-96 overflow-y-auto rounded-md border border-line bg-sunken p-3"
      >
        <HtmlPreview html={html} />
      </section>
    </div>
  )
}

function TableInput({ attribute, label, value, onChange }: InputProps) {
  const { t } = useText()
  const [rows, setRows] = useState<readonly TableRow[]>(() => rowsOf(value))
  const columns = attribute.rules.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const set = (next: readonly TableRow[]) => {
    setRows(next)
    onChange(next.length === 0 ? null : rowsValue(next, value))
  }
  return (
    <div className="flex flex-col gap-2">
      <div className="overflow-x-auto rounded-md border border-line" role="group" aria-label={label}>
        <table className="min-w-full text-table">
          <thead className="bg-sunken">
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className="px-2 py-1.5 text-start font-medium whitespace-nowrap">
                  {column}
                </th>
              ))}
              <td className="w-10" />
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index} className="border-t border-line">
                {columns.map((column) => (
                  <td key={column} className="min-w-28 px-1 py-1">
                    <TextInput
                      label={t('structure.values.cell', { column, row: index + 1 })}
                      hideLabel
                      value={row[column] ?? ''}
                      onValueChange={(text) => set(rows.map((other) => (other === row ? { ...row, [column]: text } : other)))}
                    />
                  </td>
                ))}
                <td>
                  <IconButton
                    small
                    label={t('structure.values.removeRow', { row: index + 1 })}
                    icon={<Trash2 aria-hidden className="size-3.5" />}
                    onClick={() => set(rows.filter((other) => other !== row))}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <span>
        <Button
          small
          icon={<Plus aria-hidden className="size-4" />}
          onClick={() => set([...rows, Object.fromEntries(columns.map((column) => [column, '']))])}
        >
          {t('structure.values.addRow')}
        </Button>
      </span>
    </div>
  )
}
