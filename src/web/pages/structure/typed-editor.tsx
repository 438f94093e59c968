import { useState, type ReactNode } from 'react'
import { RadioGroup } from '../../components/choice.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { EditorForm, type EditorProps } from '../review/editor-form.tsx'
import { type Given, valueText } from '../review/value-text.ts'
import { booleanValue, entriesOf, isYes } from './editor-values.ts'
import { HtmlPreview } from './html-preview.tsx'
import { MeasurementInput, NumberInput, PriceInput } from './number-inputs.tsx'
import { OptionInput, OptionsInput } from './option-inputs.tsx'
import { TableInput } from './table-input.tsx'
import type { AttributeFacts, InputProps } from './value-input.ts'

export interface TypedEditorProps extends EditorProps {
  attribute: AttributeFacts
  value: unknown
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
