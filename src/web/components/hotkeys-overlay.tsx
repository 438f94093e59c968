import { useState } from 'react'
import { useText } from '../messages/text.tsx'
import { useHotkeys, useShownHotkeys } from '../support/hotkeys.ts'
import { Dialog } from './dialog.tsx'
import { KeyHint } from './key-hint.tsx'

/** `?` shows the keys of this page. Once, in the shell. */
export function HotkeysOverlay() {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  useHotkeys([{ keys: '?', label: t('common.showKeys'), run: () => setOpen(true) }])
  const hotkeys = useShownHotkeys()
  return (
    <Dialog open={open} onClose={() => setOpen(false)} title={t('common.keys')}>
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-2">
        {hotkeys.map(({ keys, label }) => (
          <div key={`${keys} ${label}`} className="contents">
            <dt>{label}</dt>
            <dd>
              <span className="sr-only">{keys}</span>
              <KeyHint keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
