import type { ReactNode } from 'react'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'

const BAR = 'rounded-md bg-sunken pulses'

/** Around shapes that stand where the content will: read aloud as loading, seen after 200 ms. */
export function Skeleton({ children }: { children: ReactNode }) {
  const { t } = useText()
  return (
    <div role="status" className="waits">
      <span className="sr-only">{t('common.loading')}</span>
      <div aria-hidden>{children}</div>
    </div>
  )
}

/** One line of text to come. `width` is a Tailwind width. */
export const Bar = ({ width = 'w-40', height = 'h-4' }: { width?: string; height?: string }) => <div className={cx(BAR, width, height)} />

const WIDTHS = ['w-1/2', 'w-2/3', 'w-2/5', 'w-3/5', 'w-1/3', 'w-1/2', 'w-3/4', 'w-2/5']

/** A table to come. */
export function TableSkeleton({ rows = 8, columns = 4 }: { rows?: number; columns?: number }) {
  return (
    <Skeleton>
      <div className="overflow-hidden rounded-md border border-line bg-surface">
        <div className="h-9 border-b border-line bg-sunken" />
        {Array.from({ length: rows }, (_, row) => (
          <div key={row} className="flex h-10 items-center gap-4 border-b border-line px-3 last:border-0">
            {WIDTHS.slice(0, columns).map((width, column) => (
              <div key={`${column} ${width}`} className="flex-1">
                <Bar width={WIDTHS[(row + column) % WIDTHS.length]!} height="h-3" />
              </div>
            ))}
          </div>
        ))}
      </div>
    </Skeleton>
  )
}

/** A form or details to come. */
export function FieldsSkeleton({ fields = 4 }: { fields?: number }) {
  return (
    <Skeleton>
      <div className="flex max-w-lg flex-col gap-5">
        {Array.from({ length: fields }, (_, field) => (
          <div key={field} className="flex flex-col gap-1.5">
            <Bar width="w-28" height="h-3.5" />
            <Bar width="w-full" height="h-8" />
          </div>
        ))}
      </div>
    </Skeleton>
  )
}
