import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { formatCount, formatShare } from '../support/numbers.ts'

export interface Progress {
  done: number
  flagged: number
  failed: number
  waiting: number
}

const PARTS = [
  ['done', 'bg-good'],
  ['flagged', 'bg-attention'],
  ['failed', 'bg-failing'],
  ['waiting', 'bg-line'],
] as const

/** One stacked bar of items, the figures beside it: done, flagged, failed, waiting. `label` names what moves. */
export function ProgressBar({ label, progress, compact = false }: { label: string; progress: Progress; compact?: boolean }) {
  const { t, language } = useText()
  const total = progress.done + progress.flagged + progress.failed + progress.waiting
  const ended = total - progress.waiting
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={ended}
        aria-valuetext={t('common.progress.of', { done: ended, total, share: formatShare(total === 0 ? 0 : ended / total, language) })}
        className="flex h-2 overflow-hidden rounded-full bg-line"
      >
        {PARTS.map(([part, colour]) => (
          <div
            key={part}
            className={cx('h-full transition-[width] duration-500', colour)}
            style={{ width: `${total === 0 ? 0 : (progress[part] / total) * 100}%` }}
          />
        ))}
      </div>
      {!compact && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-table">
          {PARTS.map(([part, colour]) => (
            <li key={part} className="flex items-center gap-1.5">
              <span aria-hidden className={cx('size-2.5 rounded-[3px] border border-line-strong', colour)} />
              <span className="tabular font-medium">{formatCount(progress[part], language)}</span>
              <span className="text-ink-2">{t(`common.progress.${part}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
