import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { toApiProblem } from '../api/problem.ts'
import { useText, type Translate } from '../messages/text.tsx'
import { useHotkeys } from '../support/hotkeys.ts'
import { Button, IconButton } from './button.tsx'
import { problemText } from './error-state.tsx'
import { KeyHint } from './key-hint.tsx'

interface ToastData {
  kind: 'good' | 'failing'
  undo?: () => void
}

const manager = Toast.createToastManager<ToastData>()

/** Says that something happened. With `undo`, `z` and the button take it back while the toast stands. */
export function say(text: string, { undo }: { undo?: () => unknown } = {}): void {
  const id = manager.add({
    title: text,
    timeout: undo ? 10_000 : 5_000,
    data: {
      kind: 'good',
      ...(undo
        ? {
            undo: () => {
              manager.close(id)
              void undo()
            },
          }
        : {}),
    },
  })
}

/** Says that something failed, for actions that have no place of their own for it. */
export function sayProblem(error: unknown, t: Translate): void {
  manager.add({ title: problemText(toApiProblem(error), t), timeout: 10_000, priority: 'high', data: { kind: 'failing' } })
}

function ToastList() {
  const { t } = useText()
  const { toasts } = Toast.useToastManager<ToastData>()
  const undo = toasts.find((toast) => toast.data?.undo && toast.transitionStatus !== 'ending')?.data?.undo
  useHotkeys(undo ? [{ keys: 'z', label: t('common.undo'), run: undo }] : [])
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="floats mt-2 transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-2.5 px-3 py-2.5">
        {toast.data?.kind === 'failing' ? (
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-failing" />
        ) : (
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-good" />
        )}
        <Toast.Title render={<div dir="auto" />} className="min-w-0 flex-1 py-0.5" />
        {toast.data?.undo && (
          <Button small onClick={toast.data.undo}>
            {t('common.undo')} <KeyHint keys="z" />
          </Button>
        )}
        <Toast.Close render={<IconButton small label={t('common.close')} icon={<X aria-hidden className="size-4" />} />} />
      </Toast.Content>
    </Toast.Root>
  ))
}

/** Once, in the shell. F6 goes to the toasts. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport data-toasts className="fixed inset-e-4 bottom-4 z-60 max-md:bottom-18 w-[calc(100vw-2rem)] sm:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}
