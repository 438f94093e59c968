import * as behaviour from '../../src/contract/behaviour.ts'
import * as contract from '../../src/contract/connections.ts'
import type { TestClient } from './server.ts'

type Agreed = { readonly currency: string; readonly amount: string } | null

/** A person who tests the models of a server of their own. */
export interface Prober {
  /** A connection to it whose models cost 1 USD in and 2 USD out per million tokens. */
  add(change?: object): Promise<string>
  quote(connectionId: string, model?: string): Promise<behaviour.ProbeQuote>
  /** Tests a model to its end, agreeing to what it costs at most where nothing else is said. */
  probe(connectionId: string, model?: string, agreed?: Agreed): Promise<behaviour.CardView>
}

export const PROBED = 'house-1'

export function proberOf(client: TestClient, model: { readonly url: string }): Prober {
  const quote: Prober['quote'] = async (connectionId, name = PROBED) =>
    (await client.call(behaviour.quoteProbes, { params: { connectionId }, body: { models: [name] } })).items[0]!
  return {
    quote,
    async add(change = {}) {
      const destination = { baseUrl: `${model.url}/v1` }
      const prices = { currency: 'USD', models: { '*': { input_tokens: '1', output_tokens: '2' } } }
      const body = { provider: 'openai-compatible', destination, key: 'sk-test-0000000000000000000', prices, ...change }
      return (await client.call(contract.addConnection, { body })).id
    },
    async probe(connectionId, name = PROBED, agreed) {
      const agreedCost = agreed === undefined ? (await quote(connectionId, name)).atMost : agreed
      await client.call(behaviour.startProbes, { params: { connectionId }, body: { models: [{ model: name, agreedCost }] } })
      let cards: readonly behaviour.CardView[] = []
      for await (const { items } of client.events(behaviour.watchProbes, { params: { connectionId } })) cards = items
      return cards.find((card) => card.model === name)!
    },
  }
}

/** What was found, ability by ability: "works", "does_not: refused". */
export const statesOf = ({ findings }: behaviour.CardView): Record<string, string> =>
  Object.fromEntries(findings.map(({ ability, state, note }) => [ability, note ? `${state}: ${note}` : state]))
