import { useVirtualizer } from '@tanstack/react-virtual'
import { Check, Minus, TriangleAlert, UserRound, X } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from 'react'
import type { ProposalView } from '../../../contract/review.ts'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import type { Decided } from './use-decisions.ts'
import { valueLine } from './value-text.ts'

const PRODUCT_PX = 34
const PROPOSAL_PX = 54

type Row = { readonly product: ProposalView['product'] } | { readonly proposal: ProposalView }

/** What belongs to one product stands under its name. */
function rowsOf(items: readonly ProposalView[]): Row[] {
  return items.flatMap((proposal, index): Row[] =>
    items[index - 1]?.product.id === proposal.product.id ? [{ proposal }] : [{ product: proposal.product }, { proposal }],
  )
}

/** A product can stand in the list twice, over different proposals: it is told apart by the first of them. */
function keyOfRow(rows: readonly Row[], index: number): string {
  const row = rows[index]!
  if ('proposal' in row) return row.proposal.id
  const next = rows[index + 1]
  return `${row.product.id} ${next && 'proposal' in next ? next.proposal.id : ''}`
}

export interface ProposalListProps {
  items: readonly ProposalView[]
  decided: ReadonlyMap<string, Decided>
  currentId: string | undefined
  onChoose: (id: string) => void
  onEnd: () => void // more are wanted
}

/** The proposals that match, of which a window is drawn; as many as the person scrolled to are read. */
export function ProposalList({ items, decided, currentId, onChoose, onEnd }: ProposalListProps) {
  const { t } = useText()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => rowsOf(items), [items])
  // By what a row is, and anew with the rows: those of another list have other heights at the same places.
  const keyOf = useCallback((index: number) => keyOfRow(rows, index), [rows])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ('product' in rows[index]! ? PRODUCT_PX : PROPOSAL_PX),
    overscan: 12,
    getItemKey: keyOf,
  })
  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 15) onEnd()
  }, [last, rows.length, onEnd])
  const current = rows.findIndex((row) => 'proposal' in row && row.proposal.id === currentId)
  useEffect(() => {
    if (current >= 0) virtual.scrollToIndex(current, { align: 'auto' })
  }, [current, virtual])
  return (
    <div
      ref={scroller}
      role="region"
      aria-label={t('review.list')}
      tabIndex={-1}
      className="max-h-[calc(100dvh-5rem)] overflow-y-auto rounded-md border border-line bg-surface"
    >
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, key, start, size }) => {
          const row = rows[index]!
          return (
            <div key={key} className="absolute inset-x-0" style={{ insetBlockStart: start, height: size }}>
              {'product' in row ? (
                <p className="flex h-full items-end gap-2 truncate bg-sunken px-3 pb-1 text-table font-medium">
                  <span dir="auto" className="truncate" title={row.product.name ?? undefined}>
                    {row.product.name ?? row.product.identifier}
                  </span>
                  {row.product.name !== null && (
                    <span className="shrink-0 font-mono text-small font-normal text-ink-2">{row.product.identifier}</span>
                  )}
                </p>
              ) : (
                <ListEntry
                  proposal={row.proposal}
                  decided={decided.get(row.proposal.id)}
                  current={row.proposal.id === currentId}
                  onChoose={onChoose}
                />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

interface ListEntryProps {
  proposal: ProposalView
  decided: Decided | undefined
  current: boolean
  onChoose: (id: string) => void
}

function ListEntry({
  proposal: { id, attribute, locale, channel, proposed, flags, current: now },
  decided,
  current,
  onChoose,
}: ListEntryProps) {
  const { t } = useText()
  const line = valueLine(proposed)
  return (
    <button
      type="button"
      aria-current={current || undefined}
      onClick={() => onChoose(id)}
      className={cx(
        'flex h-full w-full flex-col justify-center gap-0.5 border-s-2 border-b border-b-line px-3 text-start text-table focus-visible:-outline-offset-2',
        current ? 'border-s-brass bg-selected' : 'border-s-transparent hover:bg-sunken',
      )}
    >
      <span className="flex w-full items-center gap-1.5">
        <span className="truncate font-medium">{attribute}</span>
        {locale && <span className="shrink-0 text-small text-ink-2">{locale}</span>}
        {channel && <span className="shrink-0 text-small text-ink-2">{channel}</span>}
        <span className="ms-auto flex shrink-0 items-center gap-1.5">
          {now.kind === 'person' && (
            <Sign icon={<UserRound aria-hidden className="size-3.5 text-information" />} text={t('review.signs.person')} />
          )}
          {flags.length > 0 && (
            <Sign icon={<TriangleAlert aria-hidden className="size-3.5 text-attention" />} text={t('review.signs.flagged')} />
          )}
          {decided && <Outcome decided={decided} />}
        </span>
      </span>
      <span
        lang={locale ?? undefined}
        dir="auto"
        className={cx('w-full truncate text-ink-2', decided && outcomeOf(decided) === 'rejected' && 'line-through')}
      >
        {line === '' ? t('common.diff.empty') : line}
      </span>
    </button>
  )
}

const Sign = ({ icon, text }: { icon: ReactNode; text: string }) => (
  <span title={text}>
    {icon}
    <span className="sr-only">{text}</span>
  </span>
)

/** What became of it; on its way to the server it is shown as what was asked for. */
const outcomeOf = ({ result, said }: Decided) =>
  result === 'asked' ? ({ accept: 'accepted', reject: 'rejected', edit: 'edited' } as const)[said] : result

function Outcome({ decided }: { decided: Decided }) {
  const { t } = useText()
  const shown = outcomeOf(decided)
  const text = t(`review.signs.${shown}`)
  if (shown === 'rejected') return <Sign icon={<X aria-hidden className="size-3.5 text-failing" />} text={text} />
  if (shown === 'accepted' || shown === 'edited') return <Sign icon={<Check aria-hidden className="size-3.5 text-good" />} text={text} />
  return <Sign icon={<Minus aria-hidden className="size-3.5 text-ink-2" />} text={text} />
}
