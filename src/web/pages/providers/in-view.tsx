import { useEffect, useRef, type ReactNode } from 'react'

/** What came of a test or a form: scrolled to when it appears, in a dialog that is longer than the screen. */
export function InView({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' }) // newer browsers answer with a promise, which is no clean-up
  }, [])
  return <div ref={place}>{children}</div>
}
