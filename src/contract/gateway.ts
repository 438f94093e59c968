import { z } from 'zod'
import { contextName } from './assignments.ts'
import { callInFlight, callSummary } from './consumption.ts'
import { defineRoute, idOf, instant, money } from './route.ts'

const name = z.string().trim().min(1).max(80)

/** A model's name, or a pattern with one "*"; with a connection's slug and "/" before it, or without. */
export const modelPattern = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .regex(/^[^*]*\*?[^*]*$/, 'one "*" at most')

const contexts = z.array(contextName).min(1).max(50).nullable().meta({ description: 'null: any context' })
const connectionIds = z.array(idOf('connection')).min(1).max(200).nullable().meta({ description: 'null: any connection' })
const models = z.array(modelPattern).min(1).max(200).nullable().meta({ description: 'Names, or patterns with one "*"; null: any model' })
const maxOutputTokens = z
  .int()
  .min(1)
  .max(10_000_000)
  .nullable()
  .meta({ description: 'What a request that names no output limit is reserved for under a budget; null: the model’s own limit' })

export const virtualKeyView = z
  .strictObject({
    id: idOf('virtual-key'),
    name: z.string(),
    owner: z.strictObject({
      userId: z.uuid(),
      name: z.string(),
      email: z.string(),
      left: z.boolean().meta({ description: 'No member any more: the key does not work until they are' }),
    }),
    lastFour: z.string(),
    contexts: z.array(contextName).nullable(),
    connections: z.array(z.strictObject({ id: z.uuid(), slug: z.string(), label: z.string() })).nullable(),
    models: z.array(z.string()).nullable(),
    maxOutputTokens: z.int().nullable(),
    createdAt: instant,
    expiresAt: instant.nullable(),
    expired: z.boolean(),
    lastUsedAt: instant.nullable(),
  })
  .meta({ id: 'VirtualKey' })
export type VirtualKeyView = z.output<typeof virtualKeyView>

export const readGateway = defineRoute({
  id: 'gateway.read',
  method: 'get',
  path: '/api/v1/gateway',
  summary: 'The base URLs for programs that speak OpenAI’s and Anthropic’s API',
  needs: 'gateway.read',
  answer: z.strictObject({
    openAiBaseUrl: z.string().meta({ description: 'With "/v1", as OpenAI’s clients take it' }),
    anthropicBaseUrl: z.string().meta({ description: 'Without, as Anthropic’s clients take it' }),
  }),
})

/** How many calls the gateway's page shows. */
export const LATEST_CALLS = 12

export const listLatestCalls = defineRoute({
  id: 'gateway.latestCalls',
  method: 'get',
  path: '/api/v1/gateway/calls',
  summary: 'The latest calls that came through the gateway, and those under way; /api/v1/calls has them all',
  needs: 'consumption.read',
  answer: z.strictObject({ inFlight: z.array(callInFlight), items: z.array(callSummary) }),
})

export const listVirtualKeys = defineRoute({
  id: 'virtualKeys.list',
  method: 'get',
  path: '/api/v1/virtual-keys',
  summary: 'The workspace’s virtual keys, newest first; revoked ones are gone from the list',
  needs: 'gateway.read',
  answer: z.strictObject({ items: z.array(virtualKeyView) }),
})

export const makeVirtualKey = defineRoute({
  id: 'virtualKeys.make',
  method: 'post',
  path: '/api/v1/virtual-keys',
  summary: 'Makes a virtual key; its token is shown this once',
  needs: 'gateway.write',
  body: z.strictObject({
    name,
    ownerId: idOf('member').optional().meta({ description: 'Whose key it is, and with whose membership it ends; absent: one’s own' }),
    contexts: contexts.default(null),
    connectionIds: connectionIds.default(null),
    models: models.default(null),
    maxOutputTokens: maxOutputTokens.default(null),
    days: z.int().min(1).max(3_650).nullable().default(null).meta({ description: 'For how long it works; null: until it is revoked' }),
  }),
  answer: z.strictObject({ token: z.string(), key: virtualKeyView }),
})

const ofKey = z.object({ virtualKeyId: idOf('virtual-key') })

export const changeVirtualKey = defineRoute({
  id: 'virtualKeys.change',
  method: 'patch',
  path: '/api/v1/virtual-keys/{virtualKeyId}',
  summary: 'Changes what a virtual key is called and what it may be used for; its token stays',
  needs: 'gateway.write',
  params: ofKey,
  body: z.strictObject({
    name: name.optional(),
    contexts: contexts.optional(),
    connectionIds: connectionIds.optional(),
    models: models.optional(),
    maxOutputTokens: maxOutputTokens.optional(),
    days: z.int().min(1).max(3_650).nullable().optional().meta({ description: 'From now; null: until it is revoked' }),
  }),
  answer: virtualKeyView,
})

export const revokeVirtualKey = defineRoute({
  id: 'virtualKeys.revoke',
  method: 'delete',
  path: '/api/v1/virtual-keys/{virtualKeyId}',
  summary: 'Makes a virtual key useless at once; streams that run with it are cut within a second',
  needs: 'gateway.write',
  params: ofKey,
})

export const virtualKeyStops = z
  .strictObject({
    callsInFlight: z.int().meta({ description: 'Running streams among them: they are cut' }),
    callsInLastHour: z.int(),
  })
  .meta({ id: 'VirtualKeyStops' })
export type VirtualKeyStops = z.output<typeof virtualKeyStops>

export const readVirtualKeyStops = defineRoute({
  id: 'virtualKeys.stops',
  method: 'get',
  path: '/api/v1/virtual-keys/{virtualKeyId}/stops',
  summary: 'What stops when the virtual key is revoked',
  needs: 'gateway.read',
  params: ofKey,
  answer: virtualKeyStops,
})

export const gatewayModel = z
  .strictObject({
    name: z.string().meta({ description: 'As a request names it: "context:chat", "slug/model"' }),
    kind: z.enum(['chat', 'embeddings', 'images']),
    endpoints: z.array(z.string()).meta({ description: 'Where it can be asked: "/v1/chat/completions"' }),
    contextTokens: z.int().nullable(),
    maxOutputTokens: z.int().nullable(),
  })
  .meta({ id: 'GatewayModel' })
export type GatewayModel = z.output<typeof gatewayModel>

export const listVirtualKeyModels = defineRoute({
  id: 'virtualKeys.models',
  method: 'get',
  path: '/api/v1/virtual-keys/{virtualKeyId}/models',
  summary: 'The names of models that the virtual key can ask for: contexts first, then each connection’s',
  needs: 'gateway.read',
  params: ofKey,
  answer: z.strictObject({ items: z.array(gatewayModel) }),
})

export const readVirtualKeyTrial = defineRoute({
  id: 'virtualKeys.trial',
  method: 'get',
  path: '/api/v1/virtual-keys/{virtualKeyId}/trial',
  summary: 'One small chat to try the virtual key with: what to post where, and what it can cost. Nothing is sent',
  needs: 'gateway.read',
  params: ofKey,
  query: z.strictObject({ model: z.string().trim().min(1).max(300) }),
  answer: z
    .strictObject({
      path: z.string(),
      body: z.string().meta({ description: 'JSON' }),
      practice: z.boolean().meta({ description: 'The practice provider would answer, which is not AI' }),
      atMost: money.nullable().meta({ description: 'null: no price is known' }),
    })
    .meta({ id: 'VirtualKeyTrial' }),
})
