import { Button as BaseButton } from '@base-ui/react/button'
import { LoaderCircle } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { cx } from '../support/cx.ts'

export type ButtonKind = 'main' | 'plain' | 'quiet' | 'dangerous'

const KINDS: Record<ButtonKind, string> = {
  main: 'bg-brass text-on-brass hover:bg-brass-deep data-disabled:bg-sunken data-disabled:text-ink-2 border-transparent',
  plain:
    'bg-surface text-ink border-line-strong hover:bg-sunken data-disabled:bg-sunken data-disabled:text-ink-2 data-disabled:border-line',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunken data-disabled:text-ink-3 data-popup-open:bg-sunken',
  dangerous:
    'bg-surface text-failing border-failing hover:bg-failing-tint data-disabled:bg-sunken data-disabled:text-ink-2 data-disabled:border-line',
}

export const buttonClass = ({ kind = 'plain', small = false, square = false }: { kind?: ButtonKind; small?: boolean; square?: boolean }) =>
  cx(
    'inline-flex max-w-full shrink-0 select-none items-center justify-center gap-2 rounded-md border font-medium transition-colors coarse:min-h-11',
    small ? 'min-h-7 text-table' : 'min-h-8 text-body',
    square ? (small ? 'w-7 coarse:w-11' : 'w-8 coarse:w-11') : small ? 'px-2 py-0.5' : 'px-3 py-1',
    KINDS[kind],
  )

export interface ButtonProps extends Omit<ComponentProps<typeof BaseButton>, 'className'> {
  kind?: ButtonKind
  small?: boolean
  /** Under way: the button keeps its size and its focus, and does nothing. */
  busy?: boolean
  icon?: ReactNode
  /** What it will cost, already formatted ("about $0.11"): a button that spends names its price. */
  price?: string | undefined
}

/** A verb with its object. `type` is "button" unless it sends a form. */
export function Button({ kind, small, busy = false, icon, price, children, onClick, ...rest }: ButtonProps) {
  return (
    <BaseButton
      {...rest}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={buttonClass({ ...(kind ? { kind } : {}), ...(small ? { small } : {}) })}
    >
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-spin" /> : icon}
      <span className="text-center">{children}</span>
      {price && <span className="tabular shrink-0 border-s border-current/35 ps-2 whitespace-nowrap">{price}</span>}
    </BaseButton>
  )
}

export interface IconButtonProps extends Omit<ComponentProps<typeof BaseButton>, 'className' | 'children' | 'aria-label'> {
  label: string
  icon: ReactNode
  kind?: ButtonKind
  small?: boolean
}

/** A button that is only an icon; its label is read aloud and shown on hover. */
export function IconButton({ label, icon, kind = 'quiet', small = false, ...rest }: IconButtonProps) {
  return (
    <BaseButton title={label} {...rest} aria-label={label} className={buttonClass({ kind, small, square: true })}>
      {icon}
    </BaseButton>
  )
}
