import { z } from 'zod'
import { contextName } from './assignments.ts'
import { defineRoute, idOf, instant } from './route.ts'

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
    owner: z.strictObject({ userId: z.uuid(), name: z.string(), email: z.string() }),
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
