import type { ReactNode } from 'react'

/** A part of the record of a call, under its title. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1.5 font-semibold">{title}</h3>
      {children}
    </section>
  )
}

/** Pairs of a name and what stands for it. */
export const Facts = ({ children }: { children: ReactNode }) => (
  <dl className="grid grid-cols-[minmax(8rem,auto)_1fr] gap-x-4 gap-y-1 text-table">{children}</dl>
)

export const Fact = ({ label, children, end = false }: { label: string; children: ReactNode; end?: boolean }) => (
  <div className="contents">
    <dt className="text-ink-2">{label}</dt>
    <dd className={end ? 'tabular text-end' : 'min-w-0'}>{children}</dd>
  </div>
)

export const Code = ({ text }: { text: string }) => <span className="font-mono break-all">{text}</span>
