import { useMutation } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import {
  changeConnection,
  type ConnectionView,
  listConnectionModels,
  listConnections,
  readConnection,
} from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { freeCard, isFreeCard } from './free-card.ts'
import { HourlyPrice } from './hourly-price.tsx'

type Card = NonNullable<ConnectionView['prices']>
type Unit = keyof Card['models'][string]

interface Row {
  readonly id: number
  readonly model: string
  readonly input: string
  readonly output: string
  /** Prices of other units, which this form does not show and keeps. */
  readonly others: Partial<Record<Unit, string>>
}

let rows = 0
const newRow = (row: Omit<Row, 'id'> = { model: '', input: '', output: '', others: {} }): Row => ({ id: (rows += 1), ...row })

const rowsOf = (card: Card | null): Row[] =>
  Object.entries(card?.models ?? {}).map(([model, { input_tokens: input = '', output_tokens: output = '', ...others }]) =>
    newRow({ model, input, output, others }),
  )

/**
 * Prices that this connection has of its own: negotiated ones, and those of a server nobody publishes prices for. A machine of
 * one's own (`local`) can be free with one click, or be paid by the hour.
 */
export function OwnPrices({ connection, local = false }: { connection: ConnectionView; local?: boolean }) {
  const { t } = useText()
  const [hourly, setHourly] = useState(connection.prices?.hourly ?? '')
  const [currency, setCurrency] = useState(connection.prices?.currency ?? 'USD')
  const [list, setList] = useState(() => rowsOf(connection.prices))
  const save = useMutation({
    mutationFn: (prices: Card | null) => callApi(changeConnection, { params: { connectionId: connection.id }, body: { prices } }),
    onSuccess: async () => {
      await invalidate(readConnection, listConnections, listConnectionModels)
      say(t('common.saved'))
    },
  })
  const change = (id: number, part: Partial<Row>) => setList(list.map((row) => (row.id === id ? { ...row, ...part } : row)))
  return (
    <Section title={t('providers.sections.prices')} sentence={t('providers.prices.sentence')}>
      <form
        className="flex max-w-2xl flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(cardOf({ currency, list, hourly }))
        }}
      >
        {isFreeCard(connection.prices) && <Note meaning="good">{t('local.free.is')}</Note>}
        {(list.length > 0 || hourly !== '') && (
          <div className="w-28">
            <TextInput
              label={t('providers.prices.currency')}
              required
              pattern="[A-Z]{3}"
              maxLength={3}
              dir="ltr"
              value={currency}
              onValueChange={(next: string) => setCurrency(next.toUpperCase())}
            />
          </div>
        )}
        {list.map((row) => (
          <fieldset
            key={row.id}
            className="grid items-end gap-2 border-t border-line pt-3 sm:grid-cols-[1fr_8rem_8rem_auto] sm:border-0 sm:pt-0"
          >
            <legend className="sr-only">{row.model || t('providers.prices.model')}</legend>
            <TextInput
              label={t('providers.prices.model')}
              required
              mono
              dir="ltr"
              value={row.model}
              onValueChange={(model) => change(row.id, { model })}
            />
            <TextInput
              label={t('providers.prices.input')}
              required
              inputMode="decimal"
              dir="ltr"
              value={row.input}
              onValueChange={(input) => change(row.id, { input })}
            />
            <TextInput
              label={t('providers.prices.output')}
              required
              inputMode="decimal"
              dir="ltr"
              value={row.output}
              onValueChange={(output) => change(row.id, { output })}
            />
            <IconButton
              label={t('providers.prices.remove', { model: row.model })}
              icon={<Trash2 aria-hidden className="size-4" />}
              onClick={() => setList(list.filter(({ id }) => id !== row.id))}
            />
          </fieldset>
        ))}
        {list.length > 0 && <p className="text-table text-ink-2">{t('providers.prices.help')}</p>}
        {(local || connection.prices?.hourly !== undefined) && <HourlyPrice value={hourly} currency={currency} onChange={setHourly} />}
        {save.error && <ErrorNote problem={toApiProblem(save.error)} />}
        <div className="flex flex-wrap gap-2">
          <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setList([...list, newRow()])}>
            {t('providers.prices.add')}
          </Button>
          {local && connection.prices === null && list.length === 0 && hourly === '' && (
            <Button
              busy={save.isPending}
              onClick={() => {
                setList(rowsOf(freeCard()))
                save.mutate(freeCard())
              }}
            >
              {t('local.free.action')}
            </Button>
          )}
          {(list.length > 0 || hourly !== '' || connection.prices !== null) && (
            <Button type="submit" busy={save.isPending}>
              {t('providers.prices.save')}
            </Button>
          )}
        </div>
      </form>
    </Section>
  )
}

function cardOf({ currency, list, hourly }: { currency: string; list: readonly Row[]; hourly: string }): Card | null {
  const hour = hourly.trim()
  if (list.length === 0 && hour === '') return null
  const models = list.map(({ model, input, output, others }) => [
    model.trim(),
    { ...others, input_tokens: input.trim(), output_tokens: output.trim() },
  ])
  return { currency, models: Object.fromEntries(models) as Card['models'], ...(hour === '' ? {} : { hourly: hour }) }
}
