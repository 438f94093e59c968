import { useMemo } from 'react'
import { useText } from '../messages/text.tsx'
import { markedPieces, markRanges, type Mark } from '../support/marks.ts'
import { wordDiff, type DiffPart } from '../support/word-diff.ts'

/** A part of a text with its place in the text after, where it occurs there. */
type PlacedPart = DiffPart & { readonly start: number }

function placed(parts: readonly DiffPart[]): PlacedPart[] {
  let start = 0
  return parts.map((part) => {
    const here = { ...part, start }
    if (part.kind !== 'taken') start += part.text.length
    return here
  })
}

/** Words taken out are struck through, words put in are underlined, both tinted; said aloud as deleted and inserted. */
function Parts({ parts, ranges }: { parts: readonly PlacedPart[]; ranges: ReturnType<typeof markRanges> }) {
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
        <ins key={key} className="rounded-xs bg-good-tint text-good underline underline-offset-2 [del+&]:ms-1">
          <Marked part={part} ranges={ranges} />
        </ins>
      )
    }
    return (
      <span key={key}>
        <Marked part={part} ranges={ranges} />
      </span>
    )
  })
}

/** Words that need a look are tinted and dotted; the reason is said on hover and aloud. */
function Marked({ part, ranges }: { part: PlacedPart; ranges: ReturnType<typeof markRanges> }) {
  return markedPieces(part.text, part.start, ranges).map(({ text, why }, index) =>
    why === undefined ? (
      text
    ) : (
      <mark
        key={`${index} ${text}`}
        title={why}
        className="rounded-xs bg-attention-tint font-medium text-attention underline decoration-wavy underline-offset-2"
      >
        {text}
        <span className="sr-only"> ({why})</span>
      </mark>
    ),
  )
}

export interface DiffProps {
  before: string
  after: string
  /** Language of the texts (BCP 47), for finding words and for direction. */
  locale?: string
  /** Side by side from 1,024 pixels, stacked below. Otherwise one text with both. */
  sideBySide?: boolean
  /** Words of the text after that need a look, with the reason. */
  marks?: readonly Mark[]
}

const NO_MARKS: readonly Mark[] = []

export function Diff({ before, after, locale, sideBySide = false, marks = NO_MARKS }: DiffProps) {
  const { t } = useText()
  const parts = useMemo(() => placed(wordDiff(before, after, locale)), [before, after, locale])
  const ranges = useMemo(() => markRanges(after, marks), [after, marks])
  if (!sideBySide) {
    return (
      <p lang={locale} dir="auto" className="whitespace-pre-wrap">
        <Parts parts={parts} ranges={ranges} />
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
            {text === '' ? <span className="text-ink-3">{t('common.diff.empty')}</span> : <Parts parts={shown} ranges={ranges} />}
          </p>
        </div>
      ))}
    </div>
  )
}
