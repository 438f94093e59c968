import { randomBytes } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { SampleView } from '../contract/group-review.ts'
import type { ProposalFilter } from '../contract/review.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { reviewSamples, type SampleMember } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { matchingProposals, sampleMissing } from './proposals.ts'
import { boundOf } from './sample-bound.ts'

/** A random sample of a group of proposals: looked at one by one, so that something can be said of all the others. */
export type ReviewSample = typeof reviewSamples.$inferSelect

/**
 * Draws proposals by chance from those that match and were there at `asOf`: every set of them is as likely as any other. The members
 * are kept, so that the sample is the same until it is done with. @throws AppError selection.empty
 */
export async function drawSample(
  tx: Tx,
  { workspaceId, actor, filter, asOf, size }: { workspaceId: string; actor: string; filter: ProposalFilter; asOf: Date; size: number },
): Promise<ReviewSample> {
  const { from, where } = await matchingProposals(tx, filter)
  const before = sql`change.created_at <= ${asOf.toISOString()}::timestamptz`
  const seed = randomBytes(16).toString('hex')
  const drawn = await rowsOf<{ id: string; group_size: number }>(
    tx,
    sql`select change.id, (count(*) over ())::integer as group_size from ${from} where ${where} and ${before}
      order by md5(${seed} || change.id::text) limit ${size}`,
  )
  if (drawn.length === 0) throw new AppError('selection.empty', 'No proposal of this group waits any more. Load the list again.')
  const [sample] = await tx
    .insert(reviewSamples)
    .values({
      id: newId(),
      workspaceId,
      filter,
      asOf,
      groupSize: drawn[0]!.group_size,
      members: drawn.map(({ id }) => ({ changeId: id, verdict: null })),
      drawnBy: actor,
    })
    .returning()
  return sample!
}

/** @throws AppError sample.missing */
export async function readSample(tx: Tx, sampleId: string): Promise<ReviewSample> {
  const [sample] = await tx.select().from(reviewSamples).where(eq(reviewSamples.id, sampleId))
  if (!sample) throw sampleMissing()
  return sample
}

/** Keeps what a person said of members. @throws AppError sample.missing; change.missing for what is no member */
export async function judgeSample(
  tx: Tx,
  { sampleId, verdicts }: { sampleId: string; verdicts: readonly SampleMember[] },
): Promise<ReviewSample> {
  await tx.execute(sql`select 1 from review_samples where id = ${sampleId}::uuid for update`)
  const { members } = await readSample(tx, sampleId)
  const said = new Map(verdicts.map(({ changeId, verdict }) => [changeId, verdict]))
  const ids = new Set(members.map(({ changeId }) => changeId))
  if (verdicts.some(({ changeId }) => !ids.has(changeId)))
    throw new AppError('change.missing', 'This proposal is none of the sample’s. Nothing was kept.')
  const judged = members.map((member) => ({ ...member, verdict: said.has(member.changeId) ? said.get(member.changeId)! : member.verdict }))
  const [sample] = await tx.update(reviewSamples).set({ members: judged }).where(eq(reviewSamples.id, sampleId)).returning()
  return sample!
}

/** What the sample says of its group; null: not all of it was judged. */
export function sampleResult({ members, groupSize }: Pick<ReviewSample, 'members' | 'groupSize'>): SampleView['bound'] {
  if (members.some(({ verdict }) => verdict === null)) return null
  const wrong = members.filter(({ verdict }) => verdict === 'wrong').length
  return { wrong, judged: members.length, ...boundOf({ group: groupSize, size: members.length, wrong }) }
}

/**
 * A judged sample that a decision on its group stands on. @throws AppError sample.missing; request.invalid when it was not judged to
 * its end, or was drawn from something else than what is decided on
 */
export async function sampleForDecision(
  tx: Tx,
  { sampleId, filter, asOf }: { sampleId: string; filter: ProposalFilter; asOf: Date },
): Promise<{ sample: ReviewSample; bound: NonNullable<SampleView['bound']>; wrongIds: string[] }> {
  const sample = await readSample(tx, sampleId)
  if (canonicalJson(sample.filter) !== canonicalJson(filter) || sample.asOf.getTime() !== asOf.getTime())
    throw new AppError('request.invalid', 'This sample was drawn from other proposals than those you decide on. Draw one from these.')
  const bound = sampleResult(sample)
  if (!bound) throw new AppError('request.invalid', 'Not every proposal of the sample was judged. Judge the others first.')
  return { sample, bound, wrongIds: sample.members.flatMap(({ changeId, verdict }) => (verdict === 'wrong' ? [changeId] : [])) }
}

export const sampleView = (sample: ReviewSample): SampleView => ({
  id: sample.id,
  filter: sample.filter,
  group: sample.groupSize,
  asOf: sample.asOf.toISOString(),
  members: sample.members.map((member) => ({ ...member })),
  bound: sampleResult(sample),
  decisionId: sample.decisionId,
})
