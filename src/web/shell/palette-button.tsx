import { Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { KeyHint } from '../components/key-hint.tsx'
import { useText } from '../messages/text.tsx'
import { useHotkeys } from '../support/hotkeys.ts'

const LOAD_AFTER_MS = 500

const load = () => import('./palette.tsx')
const Palette = lazy(async () => ({ default: (await load()).Palette }))

/**
 * Opens the command palette, as Ctrl or ⌘ and K do. Its code comes after the page and before it is asked for: what is typed right after
 * the keys would be lost on the way, or be taken for keys of the page.
 */
export function PaletteButton() {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), LOAD_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  useHotkeys([{ keys: 'mod+k', label: t('shell.palette.open'), run: () => setOpen(!open), whileTyping: true }])
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="flex min-h-8 items-center gap-2 rounded-md px-2 text-ink-2 hover:bg-sunken md:w-full md:max-w-md md:border md:border-line-strong md:bg-paper coarse:min-h-11"
      >
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="flex-1 truncate text-start max-md:sr-only">{t('shell.palette.open')}</span>
        <span className="max-md:hidden">
          <KeyHint keys="mod+k" />
        </span>
      </button>
      {open && (
        <Suspense fallback={null}>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
