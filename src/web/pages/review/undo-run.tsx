import { Undo2 } from 'lucide-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { redo, undo } from '../../../contract/review.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { takeBack, type Undone } from './steps.ts'

/** Takes back every value of a run that still stands, as one step; what was changed since stays, and is listed. */
export function UndoRun({ runId }: { runId: string }) {
  const { t } = useText()
  const mayDecide = useMay('review.decide')
  const [asked, setAsked] = useState(false)
  const [done, setDone] = useState<Undone>()
  const [soFar, setSoFar] = useState<number>()
  if (!mayDecide) return null
  const takeItBack = async () => {
    const { undone } = await takeBack(redo, { runId })
    say(t('review.run.redone', { count: undone }))
  }
  const confirm = async () => {
    const result = await takeBack(undo, { runId }, { onProgress: setSoFar }).finally(() => setSoFar(undefined))
    if (result.kept > 0) setDone(result)
    say(t('review.run.undone', { count: result.undone }), { undo: () => takeItBack().catch((error: unknown) => sayProblem(error, t)) })
  }
  return (
    <>
      <Button icon={<Undo2 aria-hidden className="size-4 rtl:-scale-x-100" />} onClick={() => setAsked(true)}>
        {t('review.run.undo')}
      </Button>
      <ConfirmDialog
        open={asked}
        onClose={() => setAsked(false)}
        title={t('review.run.title')}
        action={t('review.run.undo')}
        onConfirm={confirm}
      >
        <p>{t('review.run.what')}</p>
        <p>{t('review.run.stays')}</p>
        {soFar !== undefined && <p role="status">{t('review.run.soFar', { undone: soFar })}</p>}
      </ConfirmDialog>
      <Dialog
        open={done !== undefined}
        onClose={() => setDone(undefined)}
        title={t('review.run.keptTitle', { count: done?.kept ?? 0 })}
        description={t('review.run.kept')}
      >
        {done && <Kept done={done} />}
      </Dialog>
    </>
  )
}

function Kept({ done: { kept, keptValues } }: { done: Undone }) {
  const { t } = useText()
  return (
    <>
      <ul className="flex flex-col gap-1.5">
        {keptValues.map(({ changeId, product, attribute, locale, channel, because }) => (
          <li key={changeId} className="flex flex-wrap gap-x-2 text-table">
            <Link to="/catalogue/$productId" params={{ productId: product.id }} className="link font-mono">
              {product.identifier}
            </Link>
            <span>
              {attribute} {locale} {channel}
            </span>
            <span className="text-ink-2">{t(`review.run.because.${because}`)}</span>
          </li>
        ))}
      </ul>
      {kept > keptValues.length && (
        <p className="mt-3 text-ink-2">{t('review.run.keptShown', { shown: keptValues.length, count: kept })}</p>
      )}
    </>
  )
}
