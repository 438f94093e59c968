import type { ReactNode } from 'react'

/** A part of a page that scrolls by itself: a plain table of many rows or columns. Reached and moved by keyboard. */
export function ScrollBox({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div
      role="region"
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reached by keyboard
      tabIndex={0}
      className="relative max-h-72 overflow-auto rounded-md border border-line"
    >
      {children}
    </div>
  )
}
