import { useEffect, useRef, useSyncExternalStore } from 'react'

export interface Hotkey {
  /** "j", "shift+a", "mod+k", "?", "escape": "mod" is ⌘ on a Mac and Ctrl elsewhere. */
  keys: string
  /** What it does, for the overlay that `?` shows. */
  label: string
  run: () => void
  /** Also while the person types in a field. */
  whileTyping?: boolean
}

type Registration = { current: readonly Hotkey[] }

const registrations: Registration[] = []
const listeners = new Set<() => void>()
let shown: readonly Hotkey[] = []

function changed(): void {
  shown = registrations.flatMap(({ current }) => current)
  for (const listener of listeners) listener()
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) && !isToggle(target)
const isToggle = (target: HTMLElement): boolean => target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type)

/** Whether a popup is open that has the keyboard for itself; a toast is a dialog too, and has not. */
const popupIsOpen = (): boolean =>
  [...document.querySelectorAll('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')].some(
    (popup) => popup.closest('[data-toasts]') === null,
  )

function matches(keys: string, event: KeyboardEvent): boolean {
  const parts = keys.toLowerCase().split('+')
  const key = parts.at(-1)!
  const mod = parts.includes('mod')
  if (mod !== (event.metaKey || event.ctrlKey) || event.altKey) return false
  if (key.length === 1 && !/[a-z0-9]/.test(key)) return event.key === key // "?" needs shift on some keyboards only
  if (parts.includes('shift') !== event.shiftKey) return false
  return event.key.toLowerCase() === key || (/^[a-z]$/.test(key) && event.code === `Key${key.toUpperCase()}` && !/^[a-z]$/i.test(event.key))
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return
  const typing = isTyping(event.target)
  for (const { current } of registrations.toReversed()) {
    const found = current.find((hotkey) => matches(hotkey.keys, event))
    if (!found) continue
    if (!found.whileTyping && (typing || popupIsOpen())) continue
    event.preventDefault()
    found.run()
    return
  }
}

/** Keys of this page while it is shown; the latest to register wins. A letter works on any keyboard layout, by its place. */
export function useHotkeys(hotkeys: readonly Hotkey[]): void {
  const registration = useRef<Registration>({ current: hotkeys })
  const names = hotkeys.map(({ keys, label }) => `${keys} ${label}`).join('\n')
  useEffect(() => {
    registration.current.current = hotkeys
  })
  useEffect(() => {
    if (names === '') return
    const own = registration.current
    if (registrations.length === 0) document.addEventListener('keydown', onKeyDown)
    registrations.push(own)
    changed()
    return () => {
      registrations.splice(registrations.indexOf(own), 1)
      if (registrations.length === 0) document.removeEventListener('keydown', onKeyDown)
      changed()
    }
  }, [names])
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The keys that work now, for the overlay. */
export const useShownHotkeys = (): readonly Hotkey[] => useSyncExternalStore(subscribe, () => shown)
