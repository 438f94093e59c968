import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Popover as BasePopover } from '@base-ui/react/popover'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { cx } from '../support/cx.ts'

const ITEM =
  'flex w-full cursor-default items-center gap-2 px-3 py-1.5 text-start text-body outline-none select-none data-highlighted:bg-selected data-disabled:text-ink-3 coarse:min-h-11'

/** A button that opens a list of actions. `trigger` is a Button or IconButton. */
export function Menu({ trigger, children, align = 'end' }: { trigger: ReactElement; children: ReactNode; align?: 'start' | 'end' }) {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className="z-50 outline-none" sideOffset={4} align={align}>
          <BaseMenu.Popup className="floats max-h-(--available-height) min-w-48 max-w-80 overflow-y-auto py-1 outline-none">
            {children}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

export interface MenuItemProps {
  children: ReactNode
  onSelect: () => void
  icon?: ReactNode
  dangerous?: boolean
  disabled?: boolean
}

export function MenuItem({ children, onSelect, icon, dangerous = false, disabled = false }: MenuItemProps) {
  return (
    <BaseMenu.Item className={cx(ITEM, dangerous && 'text-failing')} onClick={onSelect} disabled={disabled}>
      {icon}
      {children}
    </BaseMenu.Item>
  )
}

/** One of several, the chosen one marked. */
export function MenuChoice<Value extends string>(props: {
  label: string
  value: Value
  options: readonly { value: Value; label: string }[]
  onChange: (value: Value) => void
}) {
  const { label, value, options, onChange } = props
  return (
    <BaseMenu.Group>
      <BaseMenu.GroupLabel className="px-3 pt-1.5 pb-0.5 text-small text-ink-2">{label}</BaseMenu.GroupLabel>
      <BaseMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
        {options.map((option) => (
          <BaseMenu.RadioItem key={option.value} value={option.value} className={ITEM} closeOnClick>
            <span className="w-4">
              <BaseMenu.RadioItemIndicator>
                <Check aria-hidden className="size-4" />
              </BaseMenu.RadioItemIndicator>
            </span>
            {option.label}
          </BaseMenu.RadioItem>
        ))}
      </BaseMenu.RadioGroup>
    </BaseMenu.Group>
  )
}

export const MenuLine = () => <BaseMenu.Separator className="my-1 border-t border-line" />

/** A small panel at its button: provenance, filters, an explanation. */
export function Popover({ trigger, title, children }: { trigger: ReactElement; title?: string; children: ReactNode }) {
  return (
    <BasePopover.Root>
      <BasePopover.Trigger render={trigger} />
      <BasePopover.Portal>
        <BasePopover.Positioner className="z-50 outline-none" sideOffset={4} collisionPadding={8}>
          <BasePopover.Popup className="floats max-h-(--available-height) w-max max-w-[min(26rem,calc(100vw-1rem))] overflow-y-auto p-3 outline-none">
            {title && <BasePopover.Title className="mb-2 text-body font-semibold">{title}</BasePopover.Title>}
            {children}
          </BasePopover.Popup>
        </BasePopover.Positioner>
      </BasePopover.Portal>
    </BasePopover.Root>
  )
}
