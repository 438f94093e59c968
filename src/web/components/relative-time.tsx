import { useText, type TextKey } from '../messages/text.tsx'
import { formatExact, formatRelative } from '../support/times.ts'
import { useNow } from '../support/use-now.ts'

/** When, from now; exactly on hover and for readers, in the person's zone. Null: never, or `absent`. */
export function RelativeTime({ at, absent = 'common.never' }: { at: string | null; absent?: TextKey }) {
  const { t, language } = useText()
  const nowMs = useNow()
  if (at === null) return <span className="text-ink-2">{t(absent)}</span>
  return (
    <time dateTime={at} title={formatExact(at, language)} className="tabular whitespace-nowrap">
      {formatRelative(at, nowMs, language)}
    </time>
  )
}
