import { z } from 'zod'
import { picture, productFilterQuery } from './catalogue.ts'
import { channelCode, localeTag } from './mapping.ts'
import { groupKind, groupWords } from './review-groups.ts'
import { countQuery, defineRoute, idOf, instant, money, pageOf } from './route.ts'

/** Text that the database can hold. */
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((given) => given.isWellFormed() && !given.includes('\0'), 'holds characters that are no text')
const attributeName = plain(500).min(1)
const locale = localeTag.nullable().meta({ description: 'null: not localised' })
const channel = channelCode.nullable().meta({ description: 'null: of no channel in particular' })

/** What an attribute can hold. Generated values are texts, numbers, or texts by name; imported ones may be anything a file holds. */
const anyValue = z.json().meta({ id: 'Value', description: 'null: none' })
const text = z.string().max(100_000)
const entries = z.record(z.string().max(500), text)
const givenValue = z
  .union([text, z.number(), z.boolean(), z.array(text).max(1_000), entries, z.array(entries).max(1_000)])
  .nullable()
  .meta({ description: 'null clears it' })

/** The change that a value was read with: the answer to "is it still what I saw". null: nothing was written there. */
const seen = z.uuid().nullable().meta({ description: 'The changeId that the current value was read with; null: it had none' })

export const VALUE_KINDS = ['imported', 'person', 'generated', 'practice', 'rule'] as const
const kind = z.enum(VALUE_KINDS)

/** Where a value came from, down to its call. */
export const valueProvenance = z
  .strictObject({
    kind,
    actor: z.string().nullable().meta({ description: '"user:<id>" of the person who wrote it' }),
    actorName: z.string().nullable(),
    basedOn: z.uuid().nullable().meta({ description: 'The change whose value the person edited' }),
    runId: z.uuid().nullable(),
    callId: z.uuid().nullable(),
    model: z.string().nullable(),
    connection: z.string().nullable().meta({ description: 'Its slug' }),
    rules: z
      .array(
        z.strictObject({
          attribute: z.string().meta({ description: '"" for the whole value' }),
          rule: z.enum(['option', 'measure', 'attribute']),
          source: z.string().meta({ description: '"title", "description", or the attribute that says it' }),
          words: z.string().meta({ description: 'As they stand there' }),
        }),
      )
      .meta({ description: 'What rules found of it in the product’s own data' }),
    filledFrom: z
      .strictObject({
        productId: z.uuid(),
        changeId: z.uuid(),
        callId: z.uuid().nullable(),
        words: z.array(z.strictObject({ from: z.string(), to: z.string() })),
      })
      .nullable()
      .meta({ description: 'The product whose value it is, with this one’s words in their places: it cost nothing more' }),
    call: z
      .strictObject({
        cost: money.nullable().meta({ description: 'null: unknown' }),
        costUnknown: z.string().nullable().meta({ description: 'Why, when it is: "no_price", "no_usage"' }),
        values: z.int().nullable().meta({ description: 'How many values share it; null: not kept' }),
        share: money.nullable().meta({ description: 'This value’s equal part of it' }),
        usage: z.record(z.string(), z.number()).nullable().meta({ description: 'Counts by unit; null: not reported' }),
        servedModel: z.string().nullable(),
        at: instant,
      })
      .nullable()
      .meta({ description: 'null: made without one, or no longer in the ledger' }),
  })
  .meta({ id: 'ValueProvenance' })
export type ValueProvenanceView = z.output<typeof valueProvenance>

const flag = z
  .strictObject({ reason: z.string(), text: z.string().meta({ description: 'The words in question' }) })
  .meta({ id: 'ValueFlag' })

export const changeState = z.enum(['proposed', 'accepted', 'rejected', 'undone', 'superseded'])

const currentView = z.strictObject({ value: anyValue, changeId: z.uuid().nullable(), kind })

/** A value that waits for a person. */
export const proposal = z
  .strictObject({
    id: idOf('change'),
    product: z.strictObject({ id: idOf('product'), identifier: z.string(), name: z.string().nullable(), picture: picture.nullable() }),
    attribute: z.string(),
    locale: z.string().nullable(),
    channel: z.string().nullable(),
    current: currentView.meta({ description: 'What the product says there now' }),
    inherited: z
      .strictObject({ value: anyValue, from: z.strictObject({ id: idOf('product'), identifier: z.string() }) })
      .nullable()
      .meta({ description: 'What a variant has there from the product it is a variant of, where it says nothing itself' }),
    proposed: anyValue,
    flags: z.array(flag),
    provenance: valueProvenance,
    createdAt: instant,
  })
  .meta({ id: 'Proposal' })
export type ProposalView = z.output<typeof proposal>

/** Which proposals: each member narrows it further, none means all. `locale`, `channel`: '' asks for those that have none. */
const proposalFilterFields = {
  ...productFilterQuery.pick({ search: true, sourceId: true, family: true }).shape,
  productId: idOf('product').optional(),
  runId: idOf('run').optional(),
  attribute: attributeName.optional(),
  locale: localeTag.or(z.literal('')).optional(),
  channel: channelCode.or(z.literal('')).optional(),
  model: plain(300).optional(),
  flag: plain(100).optional().meta({ description: 'Has a flag of this reason' }),
  kind: kind.optional(),
  change: groupKind.optional().meta({ description: 'Of this group of changes' }),
  words: groupWords
    .refine((given) => given.isWellFormed() && !given.includes('\0'))
    .optional()
    .meta({ description: 'Of this part of the group' }),
  sampleId: idOf('sample').optional().meta({ description: 'Drawn for this sample' }),
}
export const proposalFilter = z
  .strictObject({
    ...proposalFilterFields,
    flagged: z.boolean().optional().meta({ description: 'Has flags, or has none' }),
    overPerson: z.boolean().optional().meta({ description: 'Would replace what a person wrote, or would not' }),
  })
  .meta({ id: 'ProposalFilter' })
export type ProposalFilter = z.output<typeof proposalFilter>
export const proposalFilterQuery = z.strictObject({
  ...proposalFilterFields,
  flagged: z.stringbool().optional(),
  overPerson: z.stringbool().optional(),
})

export const listProposals = defineRoute({
  id: 'review.proposals.list',
  method: 'get',
  path: '/api/v1/review/proposals',
  summary: 'Values that wait for a person, product by product',
  needs: 'catalogue.read',
  query: proposalFilterQuery.extend({ cursor: z.string().max(2_000).optional(), limit: countQuery(200, 50) }),
  answer: pageOf(proposal),
})

const countOf = <Shape extends z.ZodRawShape>(shape: Shape) => z.array(z.strictObject({ ...shape, count: z.int() }))

export const countProposals = defineRoute({
  id: 'review.proposals.counts',
  method: 'get',
  path: '/api/v1/review/proposals/counts',
  summary: 'How many proposals match, and what they can be narrowed by',
  needs: 'catalogue.read',
  query: proposalFilterQuery,
  answer: z.strictObject({
    total: z.int(),
    products: z.int(),
    flagged: z.int(),
    overPerson: z.int().meta({ description: 'Would replace what a person wrote' }),
    attributes: countOf({ attribute: z.string() }),
    locales: countOf({ locale: z.string().nullable() }),
    channels: countOf({ channel: z.string().nullable() }),
    flags: countOf({ reason: z.string() }),
    models: countOf({ model: z.string() }),
    kinds: countOf({ kind }),
    runs: countOf({ runId: z.uuid(), name: z.string().nullable(), startedAt: instant.nullable() }),
    asOf: instant.meta({ description: 'To decide on all that were there when these were counted' }),
  }),
})
export type ProposalCounts = z.output<(typeof countProposals)['answer']>

/** What is decided together is undone together, by the decision’s id. */
const decisionId = idOf('decision')

const oneDecision = z.discriminatedUnion('decision', [
  z.strictObject({ id: idOf('change'), decision: z.literal('accept'), over: seen }),
  z.strictObject({
    id: idOf('change'),
    decision: z.literal('reject'),
    reason: plain(500).trim().min(1).optional().meta({ description: 'Why: remembered for the product’s source' }),
  }),
  z.strictObject({ id: idOf('change'), decision: z.literal('edit'), over: seen, value: givenValue }),
])

export const decideProposals = defineRoute({
  id: 'review.decisions.make',
  method: 'post',
  path: '/api/v1/review/decisions',
  summary: 'Accepts, rejects or accepts with another text, one by one',
  needs: 'review.decide',
  body: z.strictObject({ decisions: z.array(oneDecision).min(1).max(200) }),
  answer: z.strictObject({
    decisionId: z.uuid(),
    results: z.array(
      z.strictObject({
        id: z.uuid(),
        result: z.enum(['accepted', 'rejected', 'edited', 'already_decided', 'changed']).meta({
          description:
            'already_decided: someone decided before; changed: the product says something else by now than what was seen. Nothing was done then',
        }),
        state: changeState,
        decidedBy: z.string().nullable(),
        decidedByName: z.string().nullable(),
        decidedAt: instant.nullable(),
      }),
    ),
  }),
})
export type DecisionResult = z.output<(typeof decideProposals)['answer']>['results'][number]

const cursor = z.string().max(2_000).nullable().meta({ description: 'From the answer before; null begins' })

export const decideAll = defineRoute({
  id: 'review.decisions.makeAll',
  method: 'post',
  path: '/api/v1/review/decide-all',
  summary: 'Accepts or rejects all that match, some hundred a request: repeat with the cursor until it is null',
  needs: 'review.decide',
  body: z.strictObject({
    decision: z.enum(['accept', 'reject']),
    filter: proposalFilter,
    asOf: instant.meta({ description: 'Proposals made later are left: nobody saw them counted' }),
    overPersons: z.boolean().meta({ description: 'Also accept over what a person wrote' }),
    sampleId: idOf('sample').optional().meta({
      description: 'The judged sample of this very filter: its result is kept with the decision, and what is wrong in it stays waiting',
    }),
    continues: decisionId.nullable().meta({ description: 'The decision that this request goes on with' }),
    cursor,
  }),
  answer: z.strictObject({
    decisionId: z.uuid().nullable().meta({ description: 'null: nothing was decided yet' }),
    decided: z.int().meta({ description: 'In all requests of this decision' }),
    left: z
      .int()
      .meta({ description: 'In this request: over what a person wrote, decided by someone else meanwhile, or a second one for one place' }),
    cursor,
  }),
})

const undoTarget = z.union([z.strictObject({ runId: idOf('run') }), z.strictObject({ decisionId })])

/** A value that an undo left as it is. */
export const keptValue = z
  .strictObject({
    changeId: z.uuid(),
    product: z.strictObject({ id: idOf('product'), identifier: z.string() }),
    attribute: z.string(),
    locale: z.string().nullable(),
    channel: z.string().nullable(),
    because: z.enum(['person', 'later_run', 'import']).meta({ description: 'What took its place since' }),
  })
  .meta({ id: 'KeptValue' })
export type KeptValueView = z.output<typeof keptValue>

const undoAnswer = z.strictObject({
  undone: z.int().meta({ description: 'In this request' }),
  cursor,
  kept: z.int().nullable().meta({ description: 'Values that stay because they were changed since; with the last request' }),
  keptValues: z.array(keptValue).meta({ description: 'The first 100 of them' }),
})

export const undo = defineRoute({
  id: 'review.undo',
  method: 'post',
  path: '/api/v1/review/undo',
  summary: 'Takes back a decision, or every value of a run that still stands: repeat with the cursor until it is null',
  needs: 'review.decide',
  body: z.strictObject({ of: undoTarget, cursor }),
  answer: undoAnswer,
})

export const redo = defineRoute({
  id: 'review.redo',
  method: 'post',
  path: '/api/v1/review/redo',
  summary: 'Takes back an undo, where nothing was changed since: repeat with the cursor until it is null',
  needs: 'review.decide',
  body: z.strictObject({ of: undoTarget, cursor }),
  answer: undoAnswer,
})

// ---- one attribute of one product ------------------------------------------------------------------------------------------

const place = z.strictObject({ productId: idOf('product'), attribute: attributeName })

const writtenValue = z.strictObject({
  attribute: z.string(),
  locale: z.string().nullable(),
  channel: z.string().nullable(),
  current: currentView,
  decisionId: z.uuid().nullable().meta({ description: 'To undo it; null: it was so already' }),
})

export const writeValue = defineRoute({
  id: 'catalogue.values.write',
  method: 'put',
  path: '/api/v1/catalogue/products/{productId}/values/{attribute}',
  summary: 'A person’s value for an attribute',
  needs: 'catalogue.write',
  params: place,
  body: z.strictObject({ value: givenValue, locale, channel: channel.default(null), over: seen }),
  answer: writtenValue,
})

export const restoreValue = defineRoute({
  id: 'catalogue.values.restore',
  method: 'post',
  path: '/api/v1/catalogue/products/{productId}/values/{attribute}/restore',
  summary: 'Gives an attribute back to its import',
  needs: 'catalogue.write',
  params: place,
  body: z.strictObject({ locale, channel: channel.default(null), over: seen }),
  answer: writtenValue,
})

/** Something that happened to an attribute’s value. */
export const valueEvent = z
  .strictObject({
    id: z.uuid(),
    locale: z.string().nullable(),
    channel: z.string().nullable(),
    state: changeState,
    current: z.boolean().meta({ description: 'It is what the product says there now' }),
    value: anyValue,
    replaced: anyValue.meta({ description: 'What stood there before it was accepted' }),
    flags: z.array(flag),
    provenance: valueProvenance,
    decision: z.string().nullable().meta({ description: '"person", "accepted by command", "accepted by rule", "nothing to decide"' }),
    decidedBy: z.string().nullable(),
    decidedByName: z.string().nullable(),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decisionId: z.uuid().nullable(),
  })
  .meta({ id: 'ValueEvent' })
export type ValueEventView = z.output<typeof valueEvent>

export const valueHistory = defineRoute({
  id: 'catalogue.values.history',
  method: 'get',
  path: '/api/v1/catalogue/products/{productId}/values/{attribute}/history',
  summary: 'Everything that was written, proposed and decided for an attribute, newest first',
  needs: 'catalogue.read',
  params: place,
  query: z.strictObject({ cursor: z.string().max(200).optional(), limit: countQuery(100, 50) }),
  answer: pageOf(valueEvent).extend({
    imported: anyValue.meta({ description: 'What its source says' }),
    importedAt: instant,
  }),
})
