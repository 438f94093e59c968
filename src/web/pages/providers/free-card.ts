import type { ConnectionView } from '../../../contract/connections.ts'

type Card = NonNullable<ConnectionView['prices']>

const EVERY_MODEL = '*'

/** A rate card by which no model costs anything. */
export const freeCard = (): Card => ({ currency: 'USD', models: { [EVERY_MODEL]: { input_tokens: '0', output_tokens: '0' } } })

/** Whether a card says so of every model. */
export const isFreeCard = (card: Card | null): boolean =>
  card !== null &&
  Object.keys(card.models).includes(EVERY_MODEL) &&
  [...Object.values(card.models).flatMap((prices) => Object.values(prices)), card.hourly ?? '0'].every((price) => Number(price) === 0)
