import { useRef } from 'react'
import { useText } from '../messages/text.tsx'
import { useCopy } from '../support/copy.ts'
import { CopyButton } from './copy-field.tsx'

/** Something to paste elsewhere: a program, a configuration. Its title, and where it goes, are names and not translated. */
export function CodeBlock({ title, where, code }: { title: string; where: string; code: string }) {
  const { t } = useText()
  const text = useRef<HTMLElement>(null)
  const label = `${title}, ${where}`
  const { copied, copy } = useCopy(() => {
    if (text.current) window.getSelection()?.selectAllChildren(text.current)
  })
  return (
    <figure aria-label={label} className="flex min-w-0 flex-col overflow-hidden rounded-md border border-line bg-surface">
      <figcaption className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-3 py-1.5">
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <bdi className="font-medium">{title}</bdi>
          <bdi className="min-w-0 font-mono text-small break-all text-ink-2">{where}</bdi>
        </span>
        <CopyButton small copied={copied} onClick={() => void copy(code)} label={`${t('common.copy')}: ${label}`} />
      </figcaption>
      <pre
        dir="ltr"
        role="region"
        aria-label={label}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reached by keyboard
        tabIndex={0}
        className="overflow-x-auto p-3 font-mono text-table focus-visible:-outline-offset-2"
      >
        <code ref={text}>{code}</code>
      </pre>
    </figure>
  )
}
