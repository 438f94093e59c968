import { Search } from 'lucide-react'
import { useEffect, useState, type ComponentType } from 'react'
import { KeyHint } from '../components/key-hint.tsx'
import { useText } from '../messages/text.tsx'
import { useHotkeys } from '../support/hotkeys.ts'

/** A person is here: the palette's code is fetched before they ask for it. */
const SIGNS_OF_LIFE = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const

/**
 * Opens the command palette, as Ctrl or ⌘ and K do. Its code comes with the first move or key on the page, before it is asked for: what
 * is typed right after the keys would be lost on the way, or be taken for keys of the page.
 */
export function PaletteButton() {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  // Not by `lazy`: React holds back for a third of a second what it waited for, and the letters typed meanwhile would go to the page.
  const [Palette, setPalette] = useState<ComponentType<{ onClose: () => void }>>()
  useEffect(() => {
    if (Palette) return
    let wanted = true
    const load = async () => {
      const loaded = await import('./palette.tsx').catch(() => undefined)
      if (!wanted) return
      if (loaded) setPalette(() => loaded.Palette)
      else setOpen(false) // no network: it is tried again when it is asked for again
    }
    const onSign = (): void => void load()
    if (open) onSign()
    else for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, onSign, { once: true, passive: true })
    return () => {
      wanted = false
      for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, onSign)
    }
  }, [Palette, open])
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
      {open &&
        (Palette ? <Palette onClose={() => setOpen(false)} /> : <div role="dialog" aria-busy aria-label={t('shell.palette.title')} />)}
    </>
  )
}
