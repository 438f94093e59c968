import { useState, type ReactNode } from 'react'
import type { ApiProblem } from '../../api/problem.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Textarea } from '../../components/field.tsx'
import { KeyHint } from '../../components/key-hint.tsx'
import { useText } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import { readValue, valueText, type Given } from './value-text.ts'

/** A text that is being written. */
export interface Draft {
  readonly text: string | undefined // undefined: nothing was written yet
  readonly keep: (text: string) => void
}

export interface ValueEditorProps {
  label: string
  /** What to begin from; its shape is kept. */
  value: unknown
  /** Where the text is kept while it is written, for a page that draws itself anew (a window made narrow). */
  draft?: Draft
  /** "Save", "Accept with this text". */
  action: string
  locale: string | null
  busy?: boolean
  problem?: ApiProblem | undefined
  onSave: (value: Given) => void
  onCancel: () => void
  /** Other things to do with the value: clear it, give it back to the import. */
  more?: ReactNode
}

/** A value as the person writes it: mod+Enter saves, Escape leaves it as it was. */
export function ValueEditor({ label, value, draft, action, locale, busy = false, problem, onSave, onCancel, more }: ValueEditorProps) {
  const { t } = useText()
  const [text, setText] = useState(() => draft?.text ?? valueText(value))
  const [wrong, setWrong] = useState<string>()
  const save = () => {
    const read = readValue(text, value)
    if ('wrong' in read) setWrong(t(`review.editor.wrong.${read.wrong}`))
    else onSave(read.value)
  }
  useHotkeys([
    { keys: 'mod+enter', label: action, run: save, whileTyping: true },
    { keys: 'escape', label: t('review.editor.cancel'), run: onCancel, whileTyping: true },
  ])
  const entries = typeof value === 'object' && value !== null
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <Textarea
        label={label}
        hideLabel
        autoFocus
        rows={4}
        value={text}
        lang={locale ?? undefined}
        dir="auto"
        error={wrong}
        {...(entries ? { help: t(Array.isArray(value) ? 'review.editor.lines' : 'review.editor.entries') } : {})}
        onChange={(event) => {
          setText(event.currentTarget.value)
          draft?.keep(event.currentTarget.value)
          setWrong(undefined)
        }}
      />
      {problem && <ErrorNote problem={problem} />}
      <div className="flex flex-wrap gap-2">
        <Button kind="main" type="submit" busy={busy}>
          {action} <KeyHint keys="mod+enter" />
        </Button>
        <Button onClick={onCancel}>
          {t('common.cancel')} <KeyHint keys="escape" />
        </Button>
        {more}
      </div>
    </form>
  )
}
