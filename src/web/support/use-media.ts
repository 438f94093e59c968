import { useCallback, useSyncExternalStore } from 'react'

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}

/** Under 768 pixels: the rail is a sheet, tables are cards. */
export const useNarrow = (): boolean => useMedia('(width < 48rem)')
/** From 1,024 pixels: differences stand side by side. */
export const useWide = (): boolean => useMedia('(width >= 64rem)')
