import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import { defined } from '../../base/json.ts'
import { recordAudit } from '../../audit/audit.ts'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { supplierRules } from '../../db/schema/index.ts'
import { newId } from '../../runtime/ids.ts'
import { stands } from './corrections.ts'
import { readPair } from './word-pairs.ts'

/** What is written for another word, or never, for the products of a source. */
export type SupplierRule = typeof supplierRules.$inferSelect

/** So many products must have been corrected alike before a rule is suggested. */
export const LEAST_SUPPORT = 3
const MOST_SUGGESTIONS = 50
/** Of each source: a prompt holds them all. */
const MOST_RULES = 300

export interface Suggestion {
  readonly attribute: string
  readonly locale: string | null
  readonly term: string
  readonly use: string | null
  readonly support: number // products
}

/** A source's rules, in the order in which they came; what nobody wanted is left out. */
export const listRules = (tx: Tx, sourceId: string): Promise<SupplierRule[]> =>
  tx
    .select()
    .from(supplierRules)
    .where(and(eq(supplierRules.sourceId, sourceId), isNull(supplierRules.deletedAt), sql`${supplierRules.state} <> 'dismissed'`))
    .orderBy(asc(supplierRules.id))

/** Words that people replaced alike in several products of a source, and that no rule is about yet; the most frequent first. */
export async function suggestRules(tx: Tx, sourceId: string): Promise<Suggestion[]> {
  const found = await rowsOf<{ attribute: string; locale: string | null; pair: string; support: number }>(
    tx,
    sql`select correction.attribute, correction.locale, pair, count(distinct correction.product_id)::integer as support
      from corrections correction cross join jsonb_array_elements_text(correction.pairs) as pair
      where correction.source_id = ${sourceId}::uuid and correction.on and correction.deleted_at is null and ${stands(sql`correction`)}
      group by 1, 2, 3 having count(distinct correction.product_id) >= ${LEAST_SUPPORT} order by support desc, pair limit ${MOST_SUGGESTIONS * 2}`,
  )
  const known = await tx
    .select()
    .from(supplierRules)
    .where(and(eq(supplierRules.sourceId, sourceId), isNull(supplierRules.deletedAt)))
  return found
    .map(({ pair, ...where }) => ({ ...where, term: readPair(pair).taken, use: readPair(pair).put || null }))
    .filter((suggestion) => !known.some((rule) => isAbout(rule, suggestion)))
    .slice(0, MOST_SUGGESTIONS)
}

type About = Pick<SupplierRule, 'attribute' | 'locale' | 'term'>

const isAbout = (rule: About, other: About): boolean =>
  rule.term.toLowerCase() === other.term.toLowerCase() &&
  (rule.attribute === null || rule.attribute === other.attribute) &&
  (rule.locale === null || rule.locale === other.locale)

export interface RuleGiven extends About {
  readonly use: string | null
  readonly state: SupplierRule['state']
}

/** What is not given stays. `deleted` can be taken back. */
export type RuleChange = { readonly [Name in keyof RuleGiven]?: RuleGiven[Name] | undefined } & { readonly deleted?: boolean | undefined }

interface Author {
  readonly workspaceId: string
  readonly actor: string
  readonly sourceId: string
}

/** Keeps a rule of a person's, or one that was suggested. @throws AppError rule.exists; request.invalid past 300 of a source */
export async function addRule(tx: Tx, { workspaceId, actor, sourceId }: Author, given: RuleGiven): Promise<SupplierRule> {
  const known = await refuseTwin(tx, sourceId, given)
  if (known >= MOST_RULES)
    throw new AppError('request.invalid', `A source has at most ${MOST_RULES} rules. Delete one that is of no use any more.`)
  const suggested = (await suggestRules(tx, sourceId)).find((one) => isAbout(given, one) && one.use === given.use)
  const row = { ...given, id: newId(), workspaceId, sourceId, support: suggested?.support ?? 0, createdBy: actor }
  const [rule] = await tx.insert(supplierRules).values(row).returning()
  await recordAudit(tx, { workspaceId, actor, action: 'memory.rule_added', subject: `source:${sourceId}`, detail: { ...given } })
  return rule!
}

/** Changes a rule, turns it on or off, deletes it or takes that back. @throws AppError rule.missing, rule.exists */
export async function changeRule(
  tx: Tx,
  { workspaceId, actor, sourceId }: Author,
  { ruleId, change }: { ruleId: string; change: RuleChange },
): Promise<SupplierRule> {
  const { deleted, ...rest } = change
  const given = defined<Partial<RuleGiven>>(rest)
  const [before] = await tx
    .select()
    .from(supplierRules)
    .where(and(eq(supplierRules.id, ruleId), eq(supplierRules.sourceId, sourceId)))
    .for('update')
  if (!before) throw new AppError('rule.missing', 'There is no such rule in what is remembered of this source.')
  if (deleted !== true) await refuseTwin(tx, sourceId, { ...before, ...given }, ruleId)
  const [rule] = await tx
    .update(supplierRules)
    .set({ ...given, updatedAt: sql`now()`, ...(deleted === undefined ? {} : { deletedAt: deleted ? sql`now()` : null }) })
    .where(eq(supplierRules.id, ruleId))
    .returning()
  await recordAudit(tx, { workspaceId, actor, action: 'memory.rule_changed', subject: `source:${sourceId}`, detail: { ruleId, ...change } })
  await tx.execute(sql`delete from supplier_rules where source_id = ${sourceId}::uuid and deleted_at < now() - interval '30 days'`)
  return rule!
}

/** @returns how many rules the source has */
async function refuseTwin(tx: Tx, sourceId: string, given: About, butId?: string): Promise<number> {
  // One at a time for a source: two people who accept the same suggestion make one rule.
  await tx.execute(sql`select 1 from sources where id = ${sourceId}::uuid for no key update`)
  const known = await tx
    .select()
    .from(supplierRules)
    .where(and(eq(supplierRules.sourceId, sourceId), isNull(supplierRules.deletedAt)))
  const twin = known.find(
    ({ id, term, attribute, locale }) =>
      id !== butId && term.toLowerCase() === given.term.toLowerCase() && attribute === given.attribute && locale === given.locale,
  )
  if (twin) throw new AppError('rule.exists', `This source has a rule for “${given.term}” there already. Change that one.`)
  return known.length
}
