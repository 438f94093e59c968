import type { ReactNode } from 'react'

/** To a document of the server, in a tab of its own. As a part of `Text` its words come from the message. */
export function DocumentLink({ to, children }: { to: `/api/docs` | `/docs/${string}`; children?: ReactNode }) {
  return (
    <a className="link" href={to} target="_blank" rel="noreferrer">
      {children}
    </a>
  )
}
