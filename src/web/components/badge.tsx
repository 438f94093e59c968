import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '../support/cx.ts'

/** The four meanings, and none. Never by colour alone: each has its icon, and the word stands beside it. */
export type Meaning = 'good' | 'attention' | 'failing' | 'information' | 'neutral'

const LOOKS = {
  good: ['bg-good-tint text-good', CircleCheck],
  attention: ['bg-attention-tint text-attention', TriangleAlert],
  failing: ['bg-failing-tint text-failing', CircleAlert],
  information: ['bg-information-tint text-information', Info],
  neutral: ['bg-sunken text-ink-2', undefined],
} as const satisfies Record<Meaning, unknown>

/** A word with its icon: a state, a flag. `icon` takes the place of the meaning's own. */
export function Badge({ meaning = 'neutral', icon, children }: { meaning?: Meaning; icon?: ReactNode; children: ReactNode }) {
  const [look, Icon] = LOOKS[meaning]
  return (
    <span className={cx('inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-small font-medium whitespace-nowrap', look)}>
      {icon ?? (Icon && <Icon aria-hidden className="size-3.5 shrink-0" />)}
      {children}
    </span>
  )
}

/** A sentence that must be seen, with its meaning: a warning in a form, a result. */
export function Note({ meaning, children }: { meaning: Exclude<Meaning, 'neutral'>; children: ReactNode }) {
  const [look, Icon] = LOOKS[meaning]
  return (
    <div className={cx('flex items-start gap-2 rounded-md px-3 py-2', look)} role={meaning === 'failing' ? 'alert' : 'status'}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0">{children}</div>
    </div>
  )
}
