import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { listCards, needsOf } from '../../../contract/behaviour.ts'
import { type ConnectionView, listConnectionModels, type ModelView } from '../../../contract/connections.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { formatDay } from '../../support/times.ts'

export interface ModelChoiceProps {
  /** Models that were found to lack what it needs come last, and say so. */
  context: string
  connection: ConnectionView | undefined
  value: string
  disabled: boolean
  onChange: (model: string) => void
}

const FRESH_MS = 5 * 60_000

/** One of the models that the provider lists now, with its price; where it lists none, those the price book knows, or any name. */
export function ModelChoice({ context, connection, value, disabled, onChange }: ModelChoiceProps) {
  const { t } = useText()
  const [typed, setTyped] = useState(false)
  const connectionId = connection?.id ?? ''
  const asked = useQuery({
    ...queryOf(listConnectionModels, { params: { connectionId }, query: { source: 'provider' } }),
    enabled: connection !== undefined,
    staleTime: FRESH_MS,
  })
  const book = useQuery({
    ...queryOf(listConnectionModels, { params: { connectionId }, query: { source: 'price_book' } }),
    enabled: connection !== undefined && asked.isError,
    staleTime: FRESH_MS,
  })
  const lacks = useLacks(context, connection)
  const listed = asked.data?.items ?? book.data?.items ?? []
  const models = listed.toSorted((a, b) => Number(lacks(a.id) !== '') - Number(lacks(b.id) !== ''))
  const only = asked.data?.items.length === 1 ? asked.data.items[0]!.id : undefined
  const isWhole = only !== undefined && lacks(only) === ''
  useEffect(() => {
    if (isWhole && value === '' && !disabled) onChange(only) // the one there is
  }, [only, isWhole, value, disabled, onChange])
  const { whole, short } = usePriceText()
  const isWaiting = connection !== undefined && (asked.isPending || (asked.isError && book.isPending))
  const nothingListed = asked.isError && book.data?.items.length === 0
  const chosen = models.find(({ id }) => id === value)
  const toggle = !disabled && connection && (
    <button type="button" className="link" onClick={() => setTyped(!typed)}>
      {t(typed ? 'assignments.model.fromList' : 'assignments.model.byName')}
    </button>
  )
  const help = (
    <>
      {chosen && <span className="block">{whole(chosen)}</span>}
      {chosen && <Shutdown model={chosen} />}
      {lacks(value) !== '' && <span className="block text-attention">{lacks(value)}</span>}
      {asked.isError && (
        <span className="block text-attention">{t('assignments.model.notListed', { code: toApiProblem(asked.error).code })}</span>
      )}
      {!nothingListed && toggle}
    </>
  )
  if (typed || nothingListed) {
    return (
      <TextInput
        label={t('assignments.model.label')}
        help={help}
        required
        mono
        dir="ltr"
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        value={value}
        onValueChange={onChange}
      />
    )
  }
  const isListed = value === '' || chosen !== undefined
  // of a deployment its name says nothing
  const noteOf = (model: ModelView): string => (model.standsFor === null ? short(model) : `${model.standsFor} · ${short(model)}`)
  return (
    <Combobox
      label={t('assignments.model.label')}
      help={help}
      value={value === '' ? null : value}
      disabled={disabled || connection === undefined}
      placeholder={isWaiting ? t('assignments.model.reading') : t('assignments.choose')}
      onChange={(model) => onChange(model ?? '')}
      options={[
        ...(isListed ? [] : [{ value, label: value, note: t('assignments.model.unlisted') }]),
        ...models.map((model) => ({ value: model.id, label: model.id, note: lacks(model.id) || noteOf(model) })),
      ]}
    />
  )
}

/** What a model was found to lack of what a context needs, in words; empty: nothing that is known. */
function useLacks(context: string, connection: ConnectionView | undefined): (model: string) => string {
  const { t, language } = useText()
  const cards = useQuery({
    ...queryOf(listCards, { params: { connectionId: connection?.id ?? '' } }),
    enabled: connection !== undefined,
    staleTime: FRESH_MS,
  })
  const list = new Intl.ListFormat(language, { type: 'conjunction' })
  const needs = needsOf(context)
  return (model) => {
    const card = cards.data?.items.find((one) => one.model === model && !one.outdated)
    const lacking = card?.findings.filter(({ ability, state }) => state === 'does_not' && needs.includes(ability)) ?? []
    if (lacking.length === 0) return ''
    return t('assignments.model.lacks', { abilities: list.format(lacking.map(({ ability }) => t(`tested.abilities.${ability}`))) })
  }
}

/** "$0.40 in, $1.60 out per million tokens", and short for a list: "$0.40 / $1.60". Unknown is said, and is not free. */
function usePriceText(): { whole: (model: ModelView) => string; short: (model: ModelView) => string } {
  const { t } = useText()
  const { money } = useMoneyText()
  const text = ({ prices, currency, free }: ModelView, say: (amounts: { input: string; output: string }) => string): string => {
    if (free) return t('assignments.model.free')
    const { input_tokens: input, output_tokens: output, machine_ms: hour } = prices
    if (hour !== undefined) return t('local.hourly.price', { hour: money({ amount: hour, currency }) })
    if (input === undefined && output === undefined) return t('common.priceUnknown')
    const amount = (price: string | undefined) => money(price === undefined ? null : { amount: price, currency })
    return say({ input: amount(input), output: amount(output) })
  }
  return {
    whole: (model) =>
      text(model, (amounts) => t(model.priceSource === 'own' ? 'assignments.model.ownPrice' : 'assignments.model.price', amounts)),
    short: (model) => text(model, (amounts) => t('assignments.model.short', amounts)),
  }
}

function Shutdown({ model: { shutdownDate, successor } }: { model: ModelView }) {
  const { t, language } = useText()
  if (shutdownDate === null) return null
  const date = formatDay(`${shutdownDate}T12:00:00Z`, language)
  return (
    <span className="block text-attention">
      {successor ? t('assignments.model.shutsDownFor', { date, successor }) : t('assignments.model.shutsDown', { date })}
    </span>
  )
}
