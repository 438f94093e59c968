import { useEffect, useRef, type ReactNode } from 'react'

/** What came of a test or a form: scrolled to when it appears, in a dialog that is longer than the screen. */
export function InView({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [])
  return <div ref={place}>{children}</div>
}
