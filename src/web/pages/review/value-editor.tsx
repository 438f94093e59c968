import { useState } from 'react'
import { Textarea } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { EditorForm, type EditorProps } from './editor-form.tsx'
import { readValue, valueText } from './value-text.ts'

/** A text that is being written. */
export interface Draft {
  readonly text: string | undefined // undefined: nothing was written yet
  readonly keep: (text: string) => void
}

export interface ValueEditorProps extends Omit<EditorProps, 'onSave'> {
  /** What to begin from; its shape is kept. */
  value: unknown
  /** Where the text is kept while it is written, for a page that draws itself anew (a window made narrow). */
  draft?: Draft
  onSave: (value: Exclude<Parameters<EditorProps['onSave']>[0], null>) => void
}

/** A value as the person writes it, as text. */
export function ValueEditor({ value, draft, onSave, ...form }: ValueEditorProps) {
  const { t } = useText()
  const [text, setText] = useState(() => draft?.text ?? valueText(value))
  const [wrong, setWrong] = useState<string>()
  const save = () => {
    const read = readValue(text, value)
    if ('wrong' in read) setWrong(t(`review.editor.wrong.${read.wrong}`))
    else onSave(read.value)
  }
  const entries = typeof value === 'object' && value !== null
  return (
    <EditorForm {...form} onSave={save}>
      <Textarea
        label={form.label}
        hideLabel
        autoFocus
        rows={4}
        value={text}
        lang={form.locale ?? undefined}
        dir="auto"
        error={wrong}
        {...(entries ? { help: t(Array.isArray(value) ? 'review.editor.lines' : 'review.editor.entries') } : {})}
        onChange={(event) => {
          setText(event.currentTarget.value)
          draft?.keep(event.currentTarget.value)
          setWrong(undefined)
        }}
      />
    </EditorForm>
  )
}
