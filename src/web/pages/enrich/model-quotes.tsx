import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { type ConnectionView, listConnections } from '../../../contract/connections.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import type { quoteSelection } from '../../../contract/runs.ts'
import { queryOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Count, MoneyRange } from '../../components/figures.tsx'
import { Select } from '../../components/select.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { ModelChoice } from '../assignments/model-choice.tsx'
import { PriceSource } from '../runs/price-source.tsx'
import { isWithoutCost, Reasons } from '../runs/quote-detail.tsx'
import { endsOf, useWhyUnknown } from '../runs/run-words.ts'
import type { ServedBy } from './draft.ts'
import { readAcceptance } from '../../../contract/memory.ts'
import { formatShare } from '../../support/numbers.ts'
import { acceptedShare, byModel } from '../memory/accepted-share.ts'

type Quotes = RouteAnswer<typeof quoteSelection>
export type ModelQuote = Quotes['quotes'][number]

export const isSame = (a: ServedBy, b: ServedBy): boolean => a.connectionId === b.connectionId && a.model === b.model

export interface ModelQuotesProps {
  readonly quotes: readonly ModelQuote[]
  readonly counted: Pick<Quotes, 'selected' | 'counted'> | undefined
  readonly isWaiting: boolean
  readonly isRight: boolean // the recipe; a wrong one has no price
  readonly notAssigned: boolean
  readonly chosen: ServedBy | null
  readonly compare: readonly ServedBy[]
  readonly onChange: (change: { readonly servedBy?: ServedBy | null; readonly compare?: readonly ServedBy[] }) => void
}

/** What the selection costs on each model, side by side; one of them is chosen. */
export function ModelQuotes({ quotes, counted, isWaiting, isRight, notAssigned, chosen, compare, onChange }: ModelQuotesProps) {
  const { t } = useText()
  const [adding, setAdding] = useState(false)
  const assigned = quotes.filter((quote) => quote.assigned)
  const current = quotes.find((quote) => (chosen ? isSame(quote, chosen) && !quote.assigned : quote.assigned))
  return (
    <div className="flex flex-col gap-3">
      {notAssigned && (
        <Note meaning="attention">
          {/* oxlint-disable-next-line jsx-a11y/anchor-has-content -- its words come from the message */}
          <Text of="enrich.notAssigned" parts={{ a: <a className="link" href="/assignments/enrichment" /> }} />
        </Note>
      )}
      {quotes.length === 0 && !isRight && !isWaiting && <p className="text-ink-2">{t('enrich.quotedWhenRight')}</p>}
      {quotes.length === 0 && isWaiting && <TableSkeleton rows={2} columns={4} />}
      {quotes.length > 0 && (
        <div role="radiogroup" aria-label={t('enrich.models')} className={cx('flex flex-col gap-2', isWaiting && 'opacity-60')}>
          {assigned.length > 1 && (
            // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- its words are in the spans
            <label className={cardClass(chosen === null)}>
              <input
                type="radio"
                name="served-by"
                className="size-4 accent-brass"
                checked={chosen === null}
                onChange={() => onChange({ servedBy: null })}
              />
              <span className="min-w-0 flex-1">
                <span className="font-medium">{t('enrich.byRules')}</span>
                <span className="block text-table text-ink-2">{t('enrich.byRulesWhat')}</span>
              </span>
            </label>
          )}
          {quotes.map((quote) => {
            const own = quote.assigned && assigned.length === 1 ? null : { connectionId: quote.connectionId, model: quote.model }
            const isChosen = own === null ? chosen === null : chosen !== null && isSame(chosen, own)
            return (
              <QuoteRow
                key={`${quote.connectionId} ${quote.model} ${quote.assigned}`}
                quote={quote}
                isChosen={isChosen}
                onChoose={() => onChange({ servedBy: own })}
                onRemove={
                  quote.assigned
                    ? undefined
                    : () => onChange({ compare: compare.filter((other) => !isSame(other, quote)), ...(isChosen ? { servedBy: null } : {}) })
                }
              />
            )
          })}
        </div>
      )}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Button small icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
          {t('enrich.compareModel')}
        </Button>
        {counted && (
          <p className="text-table text-ink-2">
            {counted.counted < counted.selected ? t('enrich.sampled', counted) : t('enrich.countedAll', { count: counted.counted })}
          </p>
        )}
      </div>
      {current && !isWithoutCost(current.quote) && (
        <details className="text-table">
          <summary className="cursor-default text-ink-2 hover:text-ink">{t('enrich.whyRange')}</summary>
          <div className="pt-2">
            <Reasons quote={current.quote} />
          </div>
        </details>
      )}
      {adding && (
        <AddModel
          onClose={() => setAdding(false)}
          onAdd={(servedBy) => {
            onChange({ compare: [...compare.filter((other) => !isSame(other, servedBy)), servedBy], servedBy })
            setAdding(false)
          }}
        />
      )}
    </div>
  )
}

const cardClass = (isChosen: boolean): string =>
  cx(
    'flex items-center gap-3 rounded-md border px-3 py-2.5',
    isChosen ? 'border-brass bg-selected' : 'border-line bg-surface hover:border-line-strong',
  )

function QuoteRow({
  quote,
  isChosen,
  onChoose,
  onRemove,
}: {
  quote: ModelQuote
  isChosen: boolean
  onChoose: () => void
  onRemove: (() => void) | undefined
}) {
  const { t } = useText()
  const whyUnknown = useWhyUnknown()
  return (
    <div className={cardClass(isChosen)}>
      {/* oxlint-disable-next-line jsx-a11y/label-has-associated-control -- its words are in the spans */}
      <label className="flex min-w-0 flex-1 items-center gap-3">
        <input type="radio" name="served-by" className="size-4 shrink-0 accent-brass" checked={isChosen} onChange={onChoose} />
        <span className="grid min-w-0 flex-1 gap-x-4 gap-y-1 sm:grid-cols-[minmax(10rem,1.4fr)_minmax(9rem,1fr)_minmax(8rem,1fr)]">
          <span className="flex min-w-0 flex-col">
            <span className="flex flex-wrap items-center gap-2">
              <bdi className="font-mono text-table font-medium break-all">{quote.model}</bdi>
              {quote.assigned && <Badge>{t('enrich.assigned')}</Badge>}
              {quote.provider === 'practice' && <Badge meaning="information">{t('enrich.practice')}</Badge>}
            </span>
            <span className="text-small text-ink-2">
              <bdi>{quote.connectionLabel}</bdi>
            </span>
          </span>
          <span className="flex flex-col sm:items-end">
            <span className="font-medium">
              <MoneyRange {...endsOf(quote.quote.cost)} why={whyUnknown(quote.quote)} />
            </span>
            {quote.unchanged > 0 && <span className="text-small text-ink-2">{t('enrich.unchanged', { count: quote.unchanged })}</span>}
          </span>
          <span className="flex flex-col text-small text-ink-2 sm:items-end sm:text-end">
            {quote.quote.perProduct && !isWithoutCost(quote.quote) && (
              <span>
                <MoneyRange {...endsOf(quote.quote.perProduct)} /> {t('enrich.perProduct')}
              </span>
            )}
            <span>
              <Count of={quote.quote.calls} /> {t('enrich.calls', { count: quote.quote.calls })}
            </span>
            <PriceSource of={quote.quote.prices} />
            <Accepted model={quote.model} />
          </span>
        </span>
      </label>
      {onRemove && (
        <IconButton
          small
          label={t('enrich.removeModel', { model: quote.model })}
          icon={<X aria-hidden className="size-4" />}
          onClick={onRemove}
        />
      )}
    </div>
  )
}

/** How often people accepted what the model wrote, as it was. */
function Accepted({ model }: { model: string }) {
  const { t, language } = useText()
  const { data } = useQuery(queryOf(readAcceptance, { query: {} }))
  const counts = data && byModel(data.counts).get(model)
  const share = counts && acceptedShare(counts)
  if (!counts || share === undefined) return null
  return (
    <span>
      {t('memory.acceptance.ofModel', { share: formatShare(share, language), count: counts.asWritten + counts.edited + counts.rejected })}
    </span>
  )
}

function AddModel({ onClose, onAdd }: { onClose: () => void; onAdd: (servedBy: ServedBy) => void }) {
  const { t } = useText()
  const { data } = useQuery(queryOf(listConnections))
  const usable = data?.items.filter(mayEnrich) ?? []
  const [connectionId, setConnectionId] = useState<string>()
  const [model, setModel] = useState('')
  const connection = usable.find(({ id }) => id === (connectionId ?? (usable.length === 1 ? usable[0]!.id : undefined)))
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('enrich.compareModel')}
      actions={
        <Button kind="main" disabled={!connection || model === ''} onClick={() => onAdd({ connectionId: connection!.id, model })}>
          {t('enrich.quoteModel')}
        </Button>
      }
    >
      {data && usable.length === 0 ? (
        <Note meaning="attention">
          {/* oxlint-disable-next-line jsx-a11y/anchor-has-content -- its words come from the message */}
          <Text of="enrich.noConnection" parts={{ a: <a className="link" href="/providers?add=provider" /> }} />
        </Note>
      ) : (
        <div className="flex flex-col gap-4">
          <Select
            label={t('enrich.connection')}
            value={connection?.id ?? null}
            onChange={(id) => {
              setConnectionId(id)
              setModel('')
            }}
            options={usable.map(({ id, label }) => ({ value: id, label }))}
          />
          <ModelChoice context="enrichment" connection={connection} value={model} disabled={false} onChange={setModel} />
        </div>
      )}
    </Dialog>
  )
}

const mayEnrich = ({ status, contexts }: ConnectionView): boolean =>
  status === 'active' && (contexts === null || contexts.includes('enrichment'))
