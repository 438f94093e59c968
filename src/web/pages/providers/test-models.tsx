import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import { formatNano, parseNano } from '../../../base/money.ts'
import { listCards, type ProbeQuote, quoteProbes, startProbes } from '../../../contract/behaviour.ts'
import { type ConnectionView, listConnectionModels } from '../../../contract/connections.ts'
import type { MoneyView } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryClient, queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { isFree } from '../../support/numbers.ts'

const MOST_MODELS = 20
const FRESH_MS = 5 * 60_000

/** Chooses models of a connection and begins to test them, for a price that stands on the button. */
export function TestModels({ connection, first, onClose }: { connection: ConnectionView; first: readonly string[]; onClose: () => void }) {
  const { t } = useText()
  const params = { connectionId: connection.id }
  const search = useRef<HTMLInputElement>(null)
  const [chosen, setChosen] = useState<readonly string[]>(first)
  const quote = useQuery({
    queryKey: [quoteProbes.id, connection.id, ...chosen],
    queryFn: ({ signal }) => callApi(quoteProbes, { params, body: { models: [...chosen] } }, signal),
    enabled: chosen.length > 0,
    placeholderData: keepPreviousData,
  })
  const quotes = chosen.length === 0 ? [] : (quote.data?.items ?? [])
  const tested = quotes.filter(({ kind }) => kind !== null)
  const start = useMutation({
    mutationFn: () =>
      callApi(startProbes, { params, body: { models: tested.map(({ model, atMost }) => ({ model, agreedCost: atMost })) } }),
    onSuccess: (cards) => {
      queryClient.setQueryData(queryOf(listCards, { params }).queryKey, cards)
      onClose()
    },
  })
  const price = usePrice(tested)
  const failure = start.error ?? quote.error
  const isReady = tested.length > 0 && !quote.isPlaceholderData && chosen.length <= MOST_MODELS
  return (
    <Dialog
      open
      onClose={onClose}
      focus={search}
      title={t('tested.dialog.title', { label: connection.label })}
      description={t('tested.dialog.what')}
      actions={
        <Button kind="main" disabled={!isReady} busy={start.isPending} onClick={() => start.mutate()}>
          {tested.length === 0 ? t('tested.dialog.choose') : t('tested.dialog.action', { count: tested.length, price })}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <ModelList connection={connection} chosen={chosen} quotes={quotes} search={search} onChange={setChosen} />
        {chosen.length > MOST_MODELS && <p className="text-attention">{t('tested.dialog.most')}</p>}
        <CostNotes tested={tested} />
        {failure && <ErrorNote problem={toApiProblem(failure)} />}
      </div>
    </Dialog>
  )
}

interface ModelListProps {
  connection: ConnectionView
  chosen: readonly string[]
  quotes: readonly ProbeQuote[]
  search: React.RefObject<HTMLInputElement | null>
  onChange: (chosen: readonly string[]) => void
}

/** The models that the provider lists, or those of the price book; others by their name. */
function ModelList({ connection, chosen, quotes, search, onChange }: ModelListProps) {
  const { t } = useText()
  const params = { connectionId: connection.id }
  const [typed, setTyped] = useState('')
  const asked = useQuery({
    ...queryOf(listConnectionModels, { params, query: { source: 'provider' } }),
    staleTime: FRESH_MS,
    retry: false,
  })
  const book = useQuery({
    ...queryOf(listConnectionModels, { params, query: { source: 'price_book' } }),
    enabled: asked.isError,
    staleTime: FRESH_MS,
  })
  const listed = (asked.data ?? book.data)?.items.map(({ id }) => id) ?? []
  const wanted = typed.trim()
  const all = [...chosen.filter((model) => !listed.includes(model)), ...listed]
  const found = all.filter((model) => model.toLowerCase().includes(wanted.toLowerCase()))
  const isWaiting = asked.isPending || (asked.isError && book.isPending)
  const toggle = (model: string, isChosen: boolean) => onChange(isChosen ? [...chosen, model] : chosen.filter((other) => other !== model))
  return (
    <div className="flex flex-col gap-2">
      <TextInput
        ref={search}
        label={t('tested.dialog.models')}
        type="search"
        dir="ltr"
        autoComplete="off"
        spellCheck={false}
        placeholder={t('tested.dialog.find')}
        value={typed}
        onValueChange={setTyped}
      />
      {asked.isError && (
        <p className="text-table text-attention">{t('tested.dialog.notListed', { code: toApiProblem(asked.error).code })}</p>
      )}
      {isWaiting ? (
        <p role="status" className="text-ink-2">
          {t('tested.dialog.reading')}
        </p>
      ) : (
        <ul
          aria-label={t('tested.dialog.models')}
          className="flex max-h-64 flex-col gap-1.5 overflow-y-auto rounded-md border border-line p-3"
        >
          {found.map((model) => {
            const isOther = quotes.some((quote) => quote.model === model && quote.kind === null)
            return (
              <li key={model} dir="ltr">
                <Checkbox
                  label={model}
                  checked={chosen.includes(model)}
                  onChange={(isChosen) => toggle(model, isChosen)}
                  {...(isOther ? { help: t('tested.dialog.other') } : {})}
                />
              </li>
            )
          })}
          {found.length === 0 && <li className="text-ink-2">{t('tested.dialog.nothing')}</li>}
        </ul>
      )}
      {wanted !== '' && !all.includes(wanted) && (
        <div>
          <Button
            small
            icon={<Plus aria-hidden className="size-3.5" />}
            onClick={() => {
              onChange([...chosen, wanted])
              setTyped('')
            }}
          >
            {t('tested.dialog.add', { name: wanted })}
          </Button>
        </div>
      )}
    </div>
  )
}

/** The cap that the person agrees to, and which models have no price. */
function CostNotes({ tested }: { tested: readonly ProbeQuote[] }) {
  const { t } = useText()
  const { money } = useMoneyText()
  const most = sumsOf(tested.map(({ atMost }) => atMost)).filter((amount) => !isFree(amount))
  const unpriced = tested.filter(({ atMost }) => atMost === null)
  return (
    <div className="flex flex-col gap-1 text-table empty:hidden">
      {most.length > 0 && <p className="text-ink-2">{t('tested.dialog.callsAtMost', { amount: most.map(money).join(' + ') })}</p>}
      {unpriced.length > 0 && (
        <p className="text-attention">{t('tested.dialog.unknown', { models: unpriced.map(({ model }) => model).join(', ') })}</p>
      )}
    </div>
  )
}

/** "for about $0.0004", "for free", "at an unknown cost". */
function usePrice(tested: readonly ProbeQuote[]): string {
  const { t } = useText()
  const { money } = useMoneyText()
  const sums = sumsOf(tested.map(({ about }) => about)).filter((amount) => !isFree(amount))
  const isUnknown = tested.some(({ about }) => about === null)
  if (sums.length === 0) return t(isUnknown ? 'tested.price.unknown' : 'tested.price.free')
  return t(isUnknown ? 'tested.price.partly' : 'tested.price.about', { amount: sums.map(money).join(' + ') })
}

/** One sum for each currency; what is unknown is left out, for its own words. */
function sumsOf(amounts: readonly (MoneyView | null)[]): MoneyView[] {
  const sums = new Map<string, bigint>()
  for (const amount of amounts) if (amount) sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + parseNano(amount.amount))
  return Array.from(sums, ([currency, nano]) => ({ currency, amount: formatNano(nano) }))
}
