import { z } from 'zod'
import { Secret } from '../base/secret.ts'
import { USAGE_UNITS } from '../base/usage.ts'
import { contextName } from './assignments.ts'
import { paceView } from './pace.ts'
import { defineRoute, idOf, instant, money } from './route.ts'

/** What a test of a key came to; each has its own "what to do". */
export const CHECK_RESULTS = [
  'ok',
  'ok_limited', // the key is good, but may not do everything: scope, network address, country
  'unproven', // the provider is there, and has no free request that would prove the key
  'bad_key',
  'no_credit',
  'rate_limited',
  'wrong_region_or_host', // something else answers there, or this provider elsewhere
  'unreachable',
] as const
export type CheckResult = (typeof CHECK_RESULTS)[number]

/** Tests after which a key takes over by itself: the provider knew it. */
export const KEY_IS_KNOWN: ReadonlySet<CheckResult> = new Set<CheckResult>(['ok', 'ok_limited', 'no_credit', 'rate_limited'])

/** Out of the request's text at once: from here on it cannot be printed, logged or answered. */
export const keyInput = z
  .string()
  .min(1)
  .max(4096)
  .transform((text) => new Secret(new TextEncoder().encode(text)))
  .meta({ description: 'The key. Write-only: nothing answers it again' })

const text = z.string().trim().min(1)

/** Where requests go, and everything else that steers them; what the provider does not have is refused. */
export const destinationInput = z
  .strictObject({
    baseUrl: text.max(2_000).optional().meta({ description: 'Absent: the provider’s own' }),
    organization: text.max(200).optional(),
    project: text.max(200).optional(),
    region: text.max(60).optional().meta({ description: 'A location of the provider’s, where it has such (Vertex AI)' }),
    apiVersion: text.max(40).optional().meta({ description: 'A dated version of the interface, where it has such (Azure OpenAI)' }),
    headers: z.record(z.string().max(64), z.string().max(1_024)).optional().meta({ description: 'Extra request headers' }),
  })
  .meta({ id: 'DestinationInput' })
export type DestinationInput = z.output<typeof destinationInput>

const decimal = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'a plain decimal such as 0.15')

/** Negotiated prices: model, or a pattern with one "*" -> unit -> price per million (tokens) or per one. */
export const rateCard = z
  .strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters, such as USD'),
    models: z.record(z.string().min(1).max(300), z.partialRecord(z.enum(USAGE_UNITS), decimal)),
    hourly: decimal.optional().meta({
      description: 'What an hour of the machine costs that all its calls run on; what has no price of its own is paid for with it',
    }),
  })
  .meta({ id: 'RateCard' })

/** Where people name what they call (Azure): the deployment's name -> the model that it runs, as the provider calls it. */
const deployments = z
  .record(z.string().trim().min(1).max(300), z.string().trim().min(1).max(300))
  .refine((models) => Object.keys(models).length <= 200, 'at most 200 deployments')
  .meta({ id: 'Deployments', description: 'Deployment -> the model it runs: its prices, tokenizer and shutdown date hold' })

export const checkView = z
  .strictObject({
    result: z.enum(CHECK_RESULTS),
    detail: z.string().meta({ description: 'What was found, and what to do' }),
    at: instant,
  })
  .meta({ id: 'ConnectionCheck' })
export type CheckView = z.output<typeof checkView>

export const connectionView = z
  .strictObject({
    id: idOf('connection'),
    label: z.string(),
    slug: z.string(),
    provider: z.string(),
    practice: z.boolean(),
    status: z.enum(['active', 'revoked']),
    destination: z.strictObject({
      host: z.string().meta({ description: 'Where its requests go, in short' }),
      baseUrl: z.string(),
      organization: z.string().nullable(),
      project: z.string().nullable(),
      region: z.string().nullable(),
      apiVersion: z.string().nullable(),
      headers: z.record(z.string(), z.string()),
    }),
    key: z
      .strictObject({
        lastFour: z.string().nullable().meta({ description: 'null: the key is too short to show any of it' }),
        setAt: instant,
        version: z.int(),
        old: z.boolean().meta({ description: 'Older than the workspace’s reminder' }),
      })
      .nullable()
      .meta({ description: 'null: it has none' }),
    contexts: z.array(contextName).nullable().meta({ description: 'null: it may serve any' }),
    prices: rateCard.nullable().meta({ description: 'Its own; null: the published ones hold' }),
    models: deployments.nullable(),
    check: checkView.nullable().meta({ description: 'The last test' }),
    lastUsedAt: instant.nullable(),
    lastError: z.strictObject({ code: z.string(), at: instant }).nullable().meta({ description: 'With the key it has now' }),
    thisMonth: z
      .strictObject({
        from: instant,
        calls: z.int(),
        spent: z.array(money).meta({ description: 'One per currency, of the calls whose cost is known' }),
        unknownCostCalls: z.int(),
      })
      .meta({ description: 'Since the month began in the workspace’s time zone' }),
    pace: paceView.nullable().meta({ description: 'What was learned from its calls; null: nothing yet' }),
    createdAt: instant,
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'Connection' })
export type ConnectionView = z.output<typeof connectionView>

export const listConnections = defineRoute({
  id: 'connections.list',
  method: 'get',
  path: '/api/v1/connections',
  summary: 'The workspace’s connections, by label',
  needs: 'connections.read',
  answer: z.strictObject({ keyReminderDays: z.int(), items: z.array(connectionView) }),
})

const ofConnection = z.object({ connectionId: idOf('connection') })

export const readConnection = defineRoute({
  id: 'connections.read',
  method: 'get',
  path: '/api/v1/connections/{connectionId}',
  summary: 'One connection',
  needs: 'connections.read',
  params: ofConnection,
  answer: connectionView,
})

const label = text.max(80)
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'lower-case letters, digits and hyphens; at most 60')
const contexts = z.array(contextName).min(1).max(50).nullable()

export const addConnection = defineRoute({
  id: 'connections.add',
  method: 'post',
  path: '/api/v1/connections',
  summary: 'Adds a connection; its key is sealed to its destination',
  needs: 'connections.write',
  body: z.strictObject({
    provider: z.string().max(60),
    label: label.optional().meta({ description: 'Absent: the provider’s name' }),
    slug: slug.optional().meta({ description: 'Absent: made from the provider’s id' }),
    destination: destinationInput.default({}),
    key: keyInput.optional(),
    contexts: contexts.default(null),
    prices: rateCard.nullable().default(null),
  }),
  answer: connectionView,
})

export const changeConnection = defineRoute({
  id: 'connections.change',
  method: 'patch',
  path: '/api/v1/connections/{connectionId}',
  summary: 'Changes what a connection is called, which contexts it may serve, and its own prices; its destination changes with its key',
  needs: 'connections.write',
  params: ofConnection,
  body: z.strictObject({
    label: label.optional(),
    slug: slug.optional(),
    contexts: contexts.optional(),
    prices: rateCard.nullable().optional(),
    models: deployments.nullable().optional(),
  }),
  answer: connectionView,
})

export const connectionStops = z
  .strictObject({
    assignments: z.array(
      z.strictObject({
        context: z.string(),
        model: z.string(),
        alone: z.boolean().meta({ description: 'Nobody else is assigned to this context' }),
      }),
    ),
    runs: z.array(z.strictObject({ id: idOf('run'), state: z.string(), startedAt: instant.nullable(), items: z.int() })),
    callsInFlight: z.int(),
  })
  .meta({ id: 'ConnectionStops' })
export type ConnectionStops = z.output<typeof connectionStops>

export const readConnectionStops = defineRoute({
  id: 'connections.stops',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/stops',
  summary: 'What stops when the connection is revoked',
  needs: 'connections.read',
  params: ofConnection,
  answer: connectionStops,
})

export const revokeConnection = defineRoute({
  id: 'connections.revoke',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/revoke',
  summary: 'Destroys the connection’s key; new calls are refused from now on',
  needs: 'connections.write',
  params: ofConnection,
  answer: connectionView,
})

export const deleteConnection = defineRoute({
  id: 'connections.delete',
  method: 'delete',
  path: '/api/v1/connections/{connectionId}',
  summary: 'Deletes a revoked connection and frees its slug; its calls stay in the ledger',
  needs: 'connections.write',
  params: ofConnection,
  query: z.strictObject({
    confirm: z.literal('stops').optional().meta({ description: 'Deletes an active one too, knowing what stops' }),
  }),
})

export const checkOfferedKey = defineRoute({
  id: 'connections.checkKey',
  method: 'post',
  path: '/api/v1/connections/checks',
  summary: 'Tests a key before it is saved, with a request that is free; the key is not kept',
  needs: 'connections.write',
  body: z.strictObject({
    provider: z.string().max(60),
    destination: destinationInput.default({}),
    key: keyInput.optional(),
  }),
  answer: checkView,
})

export const checkConnection = defineRoute({
  id: 'connections.check',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/check',
  summary: 'Tests a connection with its own key, with a request that is free',
  needs: 'connections.write',
  params: ofConnection,
  answer: checkView,
})

export const replaceKey = defineRoute({
  id: 'connections.replaceKey',
  method: 'put',
  path: '/api/v1/connections/{connectionId}/key',
  summary: 'Replaces a connection’s key, and with it its destination where one is given; tested before it takes over',
  needs: 'connections.write',
  params: ofConnection,
  body: z.strictObject({
    key: keyInput.optional().meta({ description: 'Absent: only for a connection without a key' }),
    destination: destinationInput.optional().meta({ description: 'Absent: stays as it is' }),
    whateverTheTest: z.boolean().default(false).meta({ description: 'Takes over also when the provider did not know the key' }),
  }),
  answer: z.strictObject({ replaced: z.boolean(), check: checkView, connection: connectionView }),
})

/** A model as it lies on the machine that runs it; what its server does not say is null. */
export const modelFiles = z
  .strictObject({
    sizeBytes: z.int().nullable().meta({ description: 'On its disk' }),
    family: z.string().nullable(),
    parameters: z.string().nullable().meta({ description: 'As the server words it: "4.3B"' }),
    quantization: z.string().nullable(),
    loaded: z.boolean().nullable().meta({ description: 'In memory now' }),
    runsAt: z.string().nullable().meta({ description: 'The host that runs it in truth: what is asked of it leaves the machine' }),
  })
  .meta({ id: 'ModelFiles' })
export type ModelFilesView = z.output<typeof modelFiles>

export const modelView = z
  .strictObject({
    id: z.string(),
    standsFor: z.string().nullable().meta({ description: 'The model that a deployment of this name runs, as its people say' }),
    prices: z.partialRecord(z.enum(USAGE_UNITS), z.string()).meta({
      description:
        'Plain decimals: per million for tokens, per hour for a machine’s time (machine_ms), else per one; empty: no price is known, which is not free',
    }),
    currency: z.string(),
    free: z.boolean(),
    priceSource: z.enum(['own', 'price_book']).nullable(),
    pricesCheckedAt: z.string().nullable(),
    contextTokens: z.int().nullable(),
    maxOutputTokens: z.int().nullable(),
    shutdownDate: z.string().nullable(),
    successor: z.string().nullable(),
    files: modelFiles.nullable().meta({ description: 'null: its provider does not say' }),
  })
  .meta({ id: 'Model' })
export type ModelView = z.output<typeof modelView>

export const listConnectionModels = defineRoute({
  id: 'connections.models',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/models',
  summary: 'The models a connection can ask, with prices, context and shutdown date',
  needs: 'connections.read',
  params: ofConnection,
  query: z.strictObject({
    source: z
      .enum(['provider', 'price_book'])
      .default('provider')
      .meta({ description: 'Ask the provider now, free of charge, or list what the price book knows' }),
  }),
  answer: z.strictObject({ source: z.enum(['provider', 'price_book']), at: instant, items: z.array(modelView) }),
})

const languageView = z
  .strictObject({
    code: z.string().meta({ description: 'BCP 47' }),
    name: z.string(),
    source: z.boolean().meta({ description: 'Can be translated from' }),
    target: z.boolean().meta({ description: 'Can be translated into' }),
    formality: z.boolean().nullable().meta({ description: 'Can be told to be formal or informal; null: the provider does not say' }),
  })
  .meta({ id: 'Language' })
export type LanguageView = z.output<typeof languageView>

export const listConnectionLanguages = defineRoute({
  id: 'connections.languages',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/languages',
  summary: 'The languages that a connection translates, as its provider lists them now; free of charge',
  needs: 'connections.read',
  params: ofConnection,
  answer: z.strictObject({
    at: instant,
    items: z.array(languageView),
  }),
})
