import { z } from 'zod'
import { proposalFilter, proposalFilterQuery } from './review.ts'
import { groupKind, groupWords } from './review-groups.ts'
import { defineRoute, idOf, instant } from './route.ts'

/** Review by exception: groups of proposals that change alike, and random samples that say something of a whole group. */

export const proposalGroup = z
  .strictObject({
    attribute: z.string(),
    kind: groupKind,
    count: z.int(),
    flagged: z.int(),
    words: z
      .array(z.strictObject({ words: groupWords, count: z.int() }))
      .meta({ description: 'Parts of the group that are told apart by words, the 20 largest' }),
  })
  .meta({ id: 'ProposalGroup' })
export type ProposalGroupView = z.output<typeof proposalGroup>

export const MOST_SAMPLED = 200

/** What a person said of a proposal of a sample. */
export const verdict = z.enum(['right', 'wrong'])

/** How many of a group can be wrong, by what was found in its sample. */
const bound = z
  .strictObject({
    wrong: z.int(),
    judged: z.int(),
    atMost: z.int().meta({ description: 'Of the group, with 95 % confidence' }),
    share: z.number().min(0).max(1),
  })
  .meta({ id: 'SampleBound' })

export const sampleView = z
  .strictObject({
    id: idOf('sample'),
    filter: proposalFilter.meta({ description: 'What it was drawn from' }),
    group: z.int().meta({ description: 'Proposals that it was drawn from' }),
    asOf: instant,
    members: z.array(z.strictObject({ changeId: z.uuid(), verdict: verdict.nullable() })),
    bound: bound.nullable().meta({ description: 'null: not every member was judged' }),
    decisionId: z.uuid().nullable().meta({ description: 'The decision on the group that was made with it' }),
  })
  .meta({ id: 'ReviewSample' })
export type SampleView = z.output<typeof sampleView>

const params = z.strictObject({ sampleId: idOf('sample') })

export const readSample = defineRoute({
  id: 'review.samples.read',
  method: 'get',
  path: '/api/v1/review/samples/{sampleId}',
  summary: 'A random sample, what was said of it, and how many of its group can be wrong',
  needs: 'catalogue.read',
  params,
  answer: sampleView,
})

export const judgeSample = defineRoute({
  id: 'review.samples.judge',
  method: 'put',
  path: '/api/v1/review/samples/{sampleId}/verdicts',
  summary: 'Says of proposals of a sample whether they are right; decides on none of them',
  needs: 'review.decide',
  params,
  body: z.strictObject({
    verdicts: z
      .array(z.strictObject({ changeId: idOf('change'), verdict: verdict.nullable() }))
      .min(1)
      .max(MOST_SAMPLED),
  }),
  answer: sampleView,
})

/** How far proposals have been told apart by kind of change: that follows in the background. */
const groupsKnown = z.strictObject({ known: z.int(), of: z.int() })

export const groupProposals = defineRoute({
  id: 'review.groups.list',
  method: 'get',
  path: '/api/v1/review/groups',
  summary: 'Proposals that match, grouped by attribute and kind of change, the largest group first',
  needs: 'catalogue.read',
  query: proposalFilterQuery,
  answer: z.strictObject({
    groups: z.array(proposalGroup),
    told: groupsKnown.meta({ description: 'Of the proposals that match, those whose kind is known' }),
    asOf: instant,
  }),
})

export const drawSample = defineRoute({
  id: 'review.samples.draw',
  method: 'post',
  path: '/api/v1/review/samples',
  summary: 'Draws a random sample of the proposals that match; it stays as it is while it is looked at',
  needs: 'review.decide',
  body: z.strictObject({
    filter: proposalFilter,
    asOf: instant.meta({ description: 'Proposals made later are left' }),
    size: z.int().min(1).max(MOST_SAMPLED),
  }),
  answer: sampleView,
})
