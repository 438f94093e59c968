import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { useState, type ReactNode, type RefObject } from 'react'
import { toApiProblem, type ApiProblem } from '../api/problem.ts'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { Button, IconButton } from './button.tsx'
import { ErrorNote } from './error-state.tsx'

/** Rendered also over another dialog or sheet (`forceRender`), which it dims as it does the page. */
const BACKDROP = 'fixed inset-0 z-50 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0'
const POPUP =
  'floats fixed inset-x-4 top-[max(1rem,8dvh)] z-50 mx-auto flex max-h-[84dvh] flex-col overflow-hidden outline-none transition-opacity duration-150 ' +
  'data-ending-style:opacity-0 data-starting-style:opacity-0'

export interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  description?: ReactNode
  children: ReactNode
  /** Buttons, at the end: the main one last. */
  actions?: ReactNode
  wide?: boolean
  /** What has the focus first: where the person types. Absent: what can be focused first. */
  focus?: RefObject<HTMLElement | null>
}

/** One thing to do, over the page. Escape and the cross close it; focus goes back to where it came from. */
export function Dialog({ open, onClose, title, description, children, actions, wide = false, focus }: DialogProps) {
  const { t } = useText()
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={BACKDROP} forceRender />
        <BaseDialog.Popup className={cx(POPUP, wide ? 'max-w-4xl' : 'max-w-lg')} {...(focus ? { initialFocus: focus } : {})}>
          <div className="flex items-start justify-between gap-4 px-5 pt-4">
            <div>
              <BaseDialog.Title className="text-section font-semibold">{title}</BaseDialog.Title>
              {description !== undefined && <BaseDialog.Description className="mt-1 text-ink-2">{description}</BaseDialog.Description>}
            </div>
            <BaseDialog.Close render={<IconButton label={t('common.close')} icon={<X aria-hidden className="size-4" />} />} />
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {actions !== undefined && <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{actions}</div>}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

/** Like a dialog, at the side of the page: details of what is selected, a menu on a narrow screen. */
export function Sheet({ open, onClose, title, description, children, actions, side = 'end' }: DialogProps & { side?: 'start' | 'end' }) {
  const { t } = useText()
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={BACKDROP} forceRender />
        <BaseDialog.Popup
          className={cx(
            'fixed inset-y-0 z-50 flex max-w-full flex-col border-line bg-surface shadow-float outline-none transition-opacity duration-150',
            'data-ending-style:opacity-0 data-starting-style:opacity-0',
            side === 'end' ? 'inset-e-0 w-full border-s md:w-120' : 'inset-s-0 w-72 border-e',
          )}
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4">
            <div className="min-w-0">
              <BaseDialog.Title className="text-section font-semibold">{title}</BaseDialog.Title>
              {description !== undefined && <BaseDialog.Description className="mt-1 text-ink-2">{description}</BaseDialog.Description>}
            </div>
            <BaseDialog.Close render={<IconButton label={t('common.close')} icon={<X aria-hidden className="size-4" />} />} />
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {actions !== undefined && <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{actions}</div>}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

export interface ConfirmDialogProps {
  open: boolean
  onClose: () => void
  title: string
  /** What stops, what is lost, what stays: said before it happens. */
  children: ReactNode
  /** The verb with its object: "Revoke Mistral EU". */
  action: string
  /** What leaving it says, where "Cancel" could mean both. */
  keep?: string
  onConfirm: () => Promise<unknown>
  dangerous?: boolean
}

/** Asks before something stops. Stays open with the reason when it fails. */
export function ConfirmDialog({ open, onClose, title, children, action, keep, onConfirm, dangerous = true }: ConfirmDialogProps) {
  const { t } = useText()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const close = () => {
    setProblem(undefined)
    onClose()
  }
  const confirm = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm()
      close()
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={BACKDROP} forceRender />
        <AlertDialog.Popup className={cx(POPUP, 'max-w-md')}>
          <div className="min-h-0 overflow-y-auto px-5 py-4">
            <AlertDialog.Title className="text-section font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="mt-2 flex flex-col gap-2 text-ink-2">
              {children}
            </AlertDialog.Description>
            {problem && <ErrorNote problem={problem} />}
          </div>
          <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">
            <AlertDialog.Close render={<Button>{keep ?? t('common.cancel')}</Button>} />
            <Button kind={dangerous ? 'dangerous' : 'main'} busy={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
