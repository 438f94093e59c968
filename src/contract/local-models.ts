import { z } from 'zod'
import { modelFiles } from './connections.ts'
import { defineRoute, idOf, instant } from './route.ts'

/** A place where a server of one's own usually listens. */
export const localServer = z
  .strictObject({
    provider: z.string(),
    host: z.string().meta({ description: '"localhost:11434"' }),
    baseUrl: z.string(),
    state: z.enum([
      'found',
      'nothing', // nobody answers there
      'other', // something else answers there
      'not_allowed', // the operator does not let connections go there, so nobody looked
    ]),
    models: z.array(z.strictObject({ id: z.string(), files: modelFiles.nullable() })),
    connectionId: idOf('connection').nullable().meta({ description: 'An active connection that goes there already' }),
  })
  .meta({ id: 'LocalServer' })
export type LocalServerView = z.output<typeof localServer>

export const discoverLocal = defineRoute({
  id: 'connections.discoverLocal',
  method: 'post',
  path: '/api/v1/connections/local-servers',
  summary: 'Looks for servers of models on the machine that Latchkey runs on, on their usual ports, as far as the operator allows it',
  needs: 'connections.write',
  answer: z.strictObject({
    items: z.array(localServer),
    allow: z
      .string()
      .nullable()
      .meta({ description: 'What the operator adds to LATCHKEY_PRIVATE_HOSTS so that all of them can be looked at; null: nothing' }),
  }),
})

/** How far a model is that a server was asked to fetch. What the server has not said yet is null. */
export const pullView = z
  .strictObject({
    model: z.string(),
    state: z.enum([
      'running',
      'waiting', // broken off, and tried again by itself
      'done',
      'failed',
      'cancelled',
      'interrupted', // Latchkey was stopped while it ran
    ]),
    doing: z.enum(['looking_up', 'fetching', 'checking', 'writing', 'done']).nullable(),
    totalBytes: z.int().nullable().meta({ description: 'Of all that the server has named so far' }),
    completedBytes: z.int().nullable(),
    bytesPerSecond: z.int().nullable(),
    secondsLeft: z.int().nullable(),
    problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    elsewhere: z.boolean().meta({ description: 'Another instance of the server has it in hand: only that it runs is known here' }),
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Pull' })
export type PullView = z.output<typeof pullView>

const pulls = z.strictObject({ items: z.array(pullView) })
const ofConnection = z.object({ connectionId: idOf('connection') })
const ofModel = z.strictObject({ model: z.string().trim().min(1).max(200) })

export const listPulls = defineRoute({
  id: 'connections.pulls.list',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/pulls',
  summary: 'The models that a connection’s server is fetching, and how the last pull of each ended',
  needs: 'connections.read',
  params: ofConnection,
  answer: pulls,
})

export const watchPulls = defineRoute({
  id: 'connections.pulls.watch',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/pulls/events',
  summary: 'The same, at once and whenever something changed, until nothing is being fetched',
  needs: 'connections.read',
  params: ofConnection,
  answer: pulls,
  gives: 'events',
})

export const startPull = defineRoute({
  id: 'connections.pulls.start',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/pulls',
  summary: 'Asks a connection’s server to fetch a model; it goes on without the page',
  needs: 'connections.write',
  params: ofConnection,
  body: ofModel,
  answer: pullView,
})

export const cancelPull = defineRoute({
  id: 'connections.pulls.cancel',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/pulls/cancel',
  summary: 'Stops a pull that runs; what was fetched is kept by the server',
  needs: 'connections.write',
  params: ofConnection,
  body: ofModel,
  answer: pullView,
})
