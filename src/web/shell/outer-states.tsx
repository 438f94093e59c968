import type { ErrorComponentProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Logo } from './logo.tsx'
import { PageError } from './page-error.tsx'
import { PageMissing } from './page-missing.tsx'

/** An address without a page, outside the shell. */
export function OuterMissing() {
  return (
    <Alone>
      <PageMissing />
    </Alone>
  )
}

/** Nothing of the shell could be shown: the server is away. */
export function OuterError(props: ErrorComponentProps) {
  return (
    <Alone>
      <PageError {...props} />
    </Alone>
  )
}

function Alone({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="px-4 py-3 md:px-6">
        <Logo />
      </header>
      <main className="mx-auto max-w-3xl p-4">{children}</main>
    </>
  )
}
