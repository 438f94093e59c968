import { setTimeout as sleep } from 'node:timers/promises'
import * as assignments from '../../src/contract/assignments.ts'
import type { ProductSelection } from '../../src/contract/catalogue.ts'
import { addConnection } from '../../src/contract/connections.ts'
import * as runs from '../../src/contract/runs.ts'
import type { RunView } from '../../src/contract/runs.ts'
import type { TestClient } from './server.ts'

export const EVERYTHING: ProductSelection = { filter: {}, except: [] }

/** US dollars per million tokens: 500 tokens in and 200 out, as the mock reports, cost 900,000 nano-dollars. */
export const PRICES = { currency: 'USD', models: { '*': { input_tokens: '1', output_tokens: '2' } } }
export const CALL_NANO = 900_000n

/** Title, description and attributes, as the mock's good answers give them. */
export const RECIPE = {
  locale: 'en',
  fields: [
    { name: 'title', type: 'text', column: 'shop_title', characters: { min: 3, max: 150 } },
    { name: 'description', type: 'text', column: 'shop_text', words: { min: 5, max: 120 } },
    { name: 'attributes', type: 'attributes', column: 'shop_attributes', count: { min: 1, max: 5 } },
  ],
}

/** A file of `count` products, each with a brand of its own. */
export const productFile = (count: number, prefix = 'P'): string =>
  ['sku,brand,name,family', ...Array.from({ length: count }, (_, at) => `${prefix}${at + 1},Brand${at + 1},Lamp ${at + 1},Lamps`)].join(
    '\n',
  )

/** A connection to a mock at an address, with prices of its own. */
export const connectTo = async (client: TestClient, url: string, slug: string): Promise<string> =>
  (
    await client.call(addConnection, {
      body: { provider: 'openai-compatible', slug, destination: { baseUrl: `${url}/v1` }, prices: PRICES },
    })
  ).id

export async function assign(client: TestClient, candidates: readonly Record<string, unknown>[]): Promise<void> {
  const { version } = await client.call(assignments.readAssignment, { params: { context: 'enrichment' } })
  await client.call(assignments.replaceAssignment, {
    params: { context: 'enrichment' },
    body: { version, candidates: candidates as never },
  })
}

const LOOK_EVERY_MS = 30

/** Looks at a run until it is as `wanted`: a watch says how it is once a second at most, which is long for a run of a moment. */
export async function until(client: TestClient, runId: string, wanted: (run: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const run = await client.call(runs.readRun, { params: { runId } })
    if (wanted(run)) return run
    if (run.state === 'finished' || run.state === 'cancelled') throw new Error(`the run ended otherwise: ${JSON.stringify(run)}`)
    await sleep(LOOK_EVERY_MS)
  }
}

export const planned = (client: TestClient, runId: string): Promise<RunView> => until(client, runId, ({ planning }) => planning === null)

export const stopped = (client: TestClient, runId: string): Promise<RunView> =>
  until(client, runId, ({ state }) => state !== 'running' && state !== 'ready')

/** Waits for a run's plan, starts it, and waits until it stops. */
export async function startedToEnd(client: TestClient, runId: string): Promise<RunView> {
  await planned(client, runId)
  await client.call(runs.startRun, { params: { runId } })
  return stopped(client, runId)
}

/** Makes a run, and follows it to where it stops. */
export async function runOver(client: TestClient, body: Record<string, unknown>): Promise<RunView> {
  const { id: runId } = await client.call(runs.addRun, { body: { selection: EVERYTHING, recipe: RECIPE, ...body } })
  return startedToEnd(client, runId)
}
