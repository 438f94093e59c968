import { useMemo } from 'react'
import { useText } from '../messages/text.tsx'
import { wordDiff, type DiffPart } from '../support/word-diff.ts'

/** Words taken out are struck through, words put in are underlined, both tinted; said aloud as deleted and inserted. */
function Parts({ parts }: { parts: readonly DiffPart[] }) {
  return parts.map((part, index) => {
    const key = `${index} ${part.kind}`
    if (part.kind === 'taken') {
      return (
        <del key={key} className="rounded-xs bg-failing-tint text-failing line-through">
          {part.text}
        </del>
      )
    }
    if (part.kind === 'put') {
      return (
        <ins key={key} className="rounded-xs bg-good-tint text-good underline underline-offset-2">
          {part.text}
        </ins>
      )
    }
    return <span key={key}>{part.text}</span>
  })
}

export interface DiffProps {
  before: string
  after: string
  /** Language of the texts (BCP 47), for finding words and for direction. */
  locale?: string
  /** Side by side from 1,024 pixels, stacked below. Otherwise one text with both. */
  sideBySide?: boolean
}

export function Diff({ before, after, locale, sideBySide = false }: DiffProps) {
  const { t } = useText()
  const parts = useMemo(() => wordDiff(before, after, locale), [before, after, locale])
  if (!sideBySide) {
    return (
      <p lang={locale} dir="auto" className="whitespace-pre-wrap">
        <Parts parts={parts} />
      </p>
    )
  }
  const sides = [
    { title: t('common.diff.before'), text: before, shown: parts.filter((part) => part.kind !== 'put') },
    { title: t('common.diff.after'), text: after, shown: parts.filter((part) => part.kind !== 'taken') },
  ]
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      {sides.map(({ title, text, shown }) => (
        <div key={title} className="min-w-0 rounded-md border border-line bg-surface p-3">
          <h3 className="mb-1 text-small font-medium text-ink-2">{title}</h3>
          <p lang={locale} dir="auto" className="whitespace-pre-wrap">
            {text === '' ? <span className="text-ink-3">{t('common.diff.empty')}</span> : <Parts parts={shown} />}
          </p>
        </div>
      ))}
    </div>
  )
}
