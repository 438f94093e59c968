import { z } from 'zod'
import { ABILITIES } from './behaviour.ts'
import { defineRoute, idOf, instant } from './route.ts'

/** The kinds of use that every workspace has; it can add its own. */
export const CONTEXTS = ['enrichment', 'copilot', 'translation', 'vision', 'compliance', 'images', 'chat', 'embeddings', 'agents'] as const

/** Failures of one candidate after which the next one may take over, where the person allowed it. */
export const FALLBACK_CLASSES = ['rate_limited', 'overloaded', 'failed', 'unreachable', 'timeout', 'no_credit'] as const
export const fallbackClass = z.enum(FALLBACK_CLASSES).meta({ id: 'FallbackClass' })
export type FallbackClass = z.output<typeof fallbackClass>

const attributeName = z.string().min(1).max(200)
const characters = z.int().min(0).max(10_000_000)

/** Which records a candidate is for: all that is named here must fit. An empty set of rules fits every record. */
export const assignmentRules = z
  .strictObject({
    families: z.array(attributeName).min(1).max(200).optional().meta({ description: 'The product’s family is one of these' }),
    missing: z.array(attributeName).min(1).max(200).optional().meta({ description: 'The product lacks at least one of these attributes' }),
    inputCharacters: z
      .strictObject({ atLeast: characters.optional(), atMost: characters.optional() })
      .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'give a lower or an upper bound')
      .refine(({ atLeast = 0, atMost = Infinity }) => atLeast <= atMost, 'the lower bound is above the upper one')
      .optional()
      .meta({ description: 'How long the record is, in characters' }),
    flaggedByFirst: z
      .literal(true)
      .optional()
      .meta({ description: 'Only for what an earlier candidate wrote and the checks flagged or refused' }),
  })
  .meta({ id: 'AssignmentRules' })
export type AssignmentRules = z.output<typeof assignmentRules>

export const contextName = z
  .string()
  // "connection-check" is the ledger's own: what a person asks while setting a connection up
  .regex(/^(?!connection-check$)[a-z][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens, beginning with a letter; at most 40')
  .meta({ description: 'A kind of use: one that every workspace has, or one of its own' })

/** Something about an assignment that a person should know; it does not stop anything. */
export const ASSIGNMENT_WARNINGS = [
  'connection_revoked',
  'connection_deleted',
  'context_not_allowed',
  'model_unknown',
  'price_unknown',
  'model_shutdown',
  'ability_missing',
  'some_records_unserved',
  'never_first',
  'flagged_without_first',
] as const
export const assignmentWarning = z
  .strictObject({
    code: z.enum(ASSIGNMENT_WARNINGS),
    position: z.int().nullable().meta({ description: 'Of which candidate; null: of the whole assignment' }),
    shutdown: z
      .strictObject({ date: z.iso.date(), successor: z.string().nullable() })
      .optional()
      .meta({ description: 'Of "model_shutdown": the day, and what the provider names in its place' }),
    abilities: z.array(z.enum(ABILITIES)).optional().meta({
      description: 'Of "ability_missing": what this context needs and the model does not do, by its own test or its provider’s description',
    }),
  })
  .meta({ id: 'AssignmentWarning' })
export type AssignmentWarning = z.output<typeof assignmentWarning>

export const candidateView = z
  .strictObject({
    position: z.int().meta({ description: '0 is asked first' }),
    connection: z.strictObject({
      id: idOf('connection'),
      slug: z.string(),
      label: z.string(),
      provider: z.string(),
      status: z.enum(['active', 'revoked', 'deleted']),
    }),
    model: z.string(),
    rules: assignmentRules,
    fallbackOn: z.array(fallbackClass).meta({ description: 'On which failures of this candidate the next one takes over; empty: on none' }),
  })
  .meta({ id: 'AssignmentCandidate' })
export type CandidateView = z.output<typeof candidateView>

export const assignmentView = z
  .strictObject({
    context: contextName,
    own: z.boolean().meta({ description: 'Added by this workspace' }),
    usedBy: z.array(z.enum(['enrichment'])).meta({ description: 'The features that use it now; empty: nothing yet' }),
    version: z.int().meta({ description: 'Grows with every change' }),
    updatedAt: instant.nullable(),
    candidates: z.array(candidateView),
    warnings: z.array(assignmentWarning),
  })
  .meta({ id: 'Assignment' })
export type AssignmentView = z.output<typeof assignmentView>

export const listAssignments = defineRoute({
  id: 'assignments.list',
  method: 'get',
  path: '/api/v1/assignments',
  summary: 'All contexts with the candidates that serve them',
  needs: 'assignments.read',
  answer: z.strictObject({ items: z.array(assignmentView) }),
})

const ofContext = z.object({ context: contextName })

export const readAssignment = defineRoute({
  id: 'assignments.read',
  method: 'get',
  path: '/api/v1/assignments/{context}',
  summary: 'One context with the candidates that serve it',
  needs: 'assignments.read',
  params: ofContext,
  answer: assignmentView,
})

export const candidateInput = z.strictObject({
  connectionId: idOf('connection'),
  model: z.string().trim().min(1).max(300),
  rules: assignmentRules.default({}),
  fallbackOn: z.array(fallbackClass).max(FALLBACK_CLASSES.length).default([]),
})
export type CandidateInput = z.output<typeof candidateInput>

export const replaceAssignment = defineRoute({
  id: 'assignments.replace',
  method: 'put',
  path: '/api/v1/assignments/{context}',
  summary: 'Says who serves a context: the candidates in their order',
  needs: 'assignments.write',
  params: ofContext,
  body: z.strictObject({
    version: z.int().min(0).meta({ description: 'As it was read: when someone changed it meanwhile, nothing is saved (409)' }),
    candidates: z.array(candidateInput).max(20),
  }),
  answer: assignmentView,
})

export const addContext = defineRoute({
  id: 'assignments.addContext',
  method: 'post',
  path: '/api/v1/assignments',
  summary: 'Adds a context of the workspace’s own',
  needs: 'assignments.write',
  body: z.strictObject({ context: contextName }),
  answer: assignmentView,
})

export const removeContext = defineRoute({
  id: 'assignments.removeContext',
  method: 'delete',
  path: '/api/v1/assignments/{context}',
  summary: 'Removes a context of the workspace’s own, with its candidates',
  needs: 'assignments.write',
  params: ofContext,
})

/** How one rule of a candidate stands to one record. */
export const ruleCheck = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('families'), fits: z.boolean(), family: z.string().nullable(), wanted: z.array(z.string()) }),
  z.strictObject({ rule: z.literal('missing'), fits: z.boolean(), missing: z.array(z.string()), wanted: z.array(z.string()) }),
  z.strictObject({
    rule: z.literal('inputCharacters'),
    fits: z.boolean(),
    characters: z.int(),
    atLeast: z.int().nullable(),
    atMost: z.int().nullable(),
  }),
  z.strictObject({ rule: z.literal('flaggedByFirst'), fits: z.boolean() }),
])
export type RuleCheck = z.output<typeof ruleCheck>

/** `chosen` is asked; `takes_over` when one before it fails in a way that allows it; `spare` fits, but nothing leads to it. */
export const candidateVerdict = z.strictObject({
  position: z.int(),
  verdict: z.enum(['chosen', 'takes_over', 'second_look', 'spare', 'does_not_fit']),
  checks: z.array(ruleCheck),
})
export type CandidateVerdict = z.output<typeof candidateVerdict>

export const recordFacts = z.strictObject({
  family: z.string().nullable(),
  missing: z.array(z.string()).meta({ description: 'Of the attributes that rules ask for' }),
  inputCharacters: z.int().min(0),
})

export const previewAssignment = defineRoute({
  id: 'assignments.preview',
  method: 'get',
  path: '/api/v1/assignments/{context}/preview',
  summary: 'Which candidate would serve a product, and why',
  needs: 'assignments.read',
  params: ofContext,
  query: z.strictObject({ productId: idOf('product') }),
  answer: z.strictObject({ facts: recordFacts, candidates: z.array(candidateVerdict) }),
})
