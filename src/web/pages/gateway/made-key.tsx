import { useEffect, useRef } from 'react'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { useText } from '../../messages/text.tsx'
import type { MadeKey } from './make-key.tsx'
import { Programs } from './programs.tsx'
import { TryKey } from './try-key.tsx'

/** A key that was just made, this once with its token: to copy, to try, and filled into every snippet. */
export function MadeKeyPanel({ made, onKept, onOpenCall }: { made: MadeKey; onKept: () => void; onOpenCall: (callId: string) => void }) {
  const { t } = useText()
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    title.current?.focus()
    title.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <section
      aria-label={t('gateway.made.title', { name: made.key.name })}
      className="mb-8 flex flex-col gap-4 rounded-md border border-line-strong p-4"
    >
      <div className="flex flex-wrap items-start justify-between gap-3">
        <h2 ref={title} tabIndex={-1} className="text-section font-semibold outline-none">
          {t('gateway.made.title', { name: made.key.name })}
        </h2>
        <Button onClick={onKept}>{t('gateway.made.kept')}</Button>
      </div>
      <Note meaning="attention">{t('gateway.made.once')}</Note>
      <CopyField label={t('gateway.made.token')} value={made.token} />
      <TryKey made={made} onOpenCall={onOpenCall} />
      <Programs keys={[made.key]} token={made.token} />
    </section>
  )
}
