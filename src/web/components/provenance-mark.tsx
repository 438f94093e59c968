import { FileInput, FlaskConical, ListChecks, Sparkles, SquareTerminal, TextSearch, UserRound, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { useText } from '../messages/text.tsx'
import { Popover } from './menu.tsx'

/** Where a value came from. */
export type Provenance = 'imported' | 'person' | 'generated' | 'practice' | 'rule' | 'acceptedByRule' | 'acceptedByCommand'

const ICONS: Record<Provenance, LucideIcon> = {
  imported: FileInput,
  person: UserRound,
  generated: Sparkles,
  practice: FlaskConical,
  rule: TextSearch,
  acceptedByRule: ListChecks,
  acceptedByCommand: SquareTerminal,
}

/** One small mark, the same everywhere. With `children` it opens to say more: which run, which call, what it cost. */
export function ProvenanceMark({ kind, children, wordy = false }: { kind: Provenance; children?: ReactNode; wordy?: boolean }) {
  const { t } = useText()
  const Icon = ICONS[kind]
  const word = t(`common.provenance.${kind}`)
  const mark = (
    <>
      <Icon aria-hidden className="size-3.5 shrink-0" />
      <span className={wordy ? undefined : 'sr-only'}>{word}</span>
    </>
  )
  if (children === undefined) {
    return (
      <span title={word} className="inline-flex items-center gap-1 text-small text-ink-2">
        {mark}
      </span>
    )
  }
  return (
    <Popover
      title={word}
      trigger={
        <button
          type="button"
          title={word}
          className="inline-flex min-h-6 min-w-6 items-center justify-center gap-1 rounded-md p-0.5 text-small text-ink-2 hover:bg-sunken hover:text-ink coarse:p-2"
        >
          {mark}
        </button>
      }
    >
      {children}
    </Popover>
  )
}
