import type { ReactNode } from 'react'
import type { ApiProblem } from '../../api/problem.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { KeyHint } from '../../components/key-hint.tsx'
import { useText } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import type { Given } from './value-text.ts'

/** What every editor of a value is given. */
export interface EditorProps {
  label: string
  /** "Save", "Accept with this text". */
  action: string
  locale: string | null
  busy?: boolean
  problem?: ApiProblem | undefined
  /** null clears it. */
  onSave: (value: Given | null) => void
  onCancel: () => void
  /** Other things to do with the value: clear it, give it back to the import. */
  more?: ReactNode
}

interface FormProps extends Pick<EditorProps, 'action' | 'busy' | 'problem' | 'onCancel' | 'more'> {
  onSave: () => void
  children: ReactNode
}

/** Around the input of a value: mod+Enter saves, Escape leaves it as it was. */
export function EditorForm({ action, busy = false, problem, onSave, onCancel, more, children }: FormProps) {
  const { t } = useText()
  useHotkeys([
    { keys: 'mod+enter', label: action, run: onSave, whileTyping: true },
    { keys: 'escape', label: t('review.editor.cancel'), run: onCancel, whileTyping: true },
  ])
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        onSave()
      }}
    >
      {children}
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
