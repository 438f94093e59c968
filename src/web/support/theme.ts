import { useSyncExternalStore } from 'react'
import { keep, kept } from './kept.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const listeners = new Set<() => void>()

const readTheme = (): Theme => {
  const chosen = kept('theme')
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system'
}

let theme: Theme = readTheme()

/** Light, dark or as the system has it; index.html sets the same before the first paint. */
export function chooseTheme(chosen: Theme): void {
  theme = chosen
  keep('theme', chosen === 'system' ? undefined : chosen)
  if (chosen === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => theme)
