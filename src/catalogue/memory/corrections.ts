import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { corrections, type valueChanges } from '../../db/schema/index.ts'
import { newId } from '../../runtime/ids.ts'
import { textOf } from '../change-kind.ts'
import { foldText } from '../words.ts'
import { pairKey, wordPairs } from './word-pairs.ts'

/** What people made of what models wrote for a source's products: kept when they edit or reject, so that the next prompts know. */
export type Correction = typeof corrections.$inferSelect

/** Of each attribute and language the latest so many are kept. */
export const MOST_CORRECTIONS = 500
const LONGEST_TEXT = 4_000 // characters
const LONGEST_DATA = 2_000
const LONGEST_LINE = 200

export interface NewCorrection {
  readonly workspaceId: string
  readonly actor: string
  readonly decisionId: string
  readonly change: Pick<typeof valueChanges.$inferSelect, 'id' | 'productId' | 'attribute' | 'locale' | 'value' | 'provenance'>
  readonly imported: Readonly<Record<string, unknown>> // what its product's source says
  readonly made: unknown // undefined: it was rejected
  readonly reason?: string | undefined
}

/** Keeps a correction of what a model wrote; what people and sources wrote is nobody's mistake, and teaches nothing. */
export async function keepCorrection(tx: Tx, correction: NewCorrection): Promise<void> {
  const { workspaceId, actor, decisionId, change, imported, made, reason } = correction
  const { kind, model } = change.provenance
  if (kind !== 'generated' && kind !== 'practice') return
  const wrote = cut(textOf(change.value), LONGEST_TEXT)
  const text = made === undefined ? null : cut(textOf(made), LONGEST_TEXT)
  if (wrote === '' || wrote === text) return
  await tx.execute(sql`
    insert into corrections (id, workspace_id, source_id, product_id, change_id, attribute, locale, kind, wrote, made, reason, data, pairs, model, actor, decision_id)
    select ${newId()}::uuid, ${workspaceId}::uuid, source_id, id, ${change.id}::uuid, ${change.attribute}, ${change.locale},
      ${text === null ? 'rejected' : 'edited'}, ${wrote}, ${text}, ${reason ?? null}, ${dataOf(imported)},
      ${JSON.stringify(text === null ? [] : wordPairs(wrote, text).map(pairKey))}::jsonb, ${model ?? null}, ${actor}, ${decisionId}::uuid
    from products where id = ${change.productId}::uuid`)
  await tx.execute(sql`
    delete from corrections using products where products.id = ${change.productId}::uuid and corrections.source_id = products.source_id
      and corrections.attribute = ${change.attribute} and corrections.locale is not distinct from ${change.locale}
      and corrections.id not in (
        select kept.id from corrections kept where kept.source_id = products.source_id and kept.attribute = ${change.attribute}
          and kept.locale is not distinct from ${change.locale} order by kept.id desc limit ${MOST_CORRECTIONS})`)
}

/** A product's data for people who look at where a correction came from. */
function dataOf(imported: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const [name, value] of Object.entries(imported)) {
    const line = cut(`${name}: ${textOf(value).replaceAll(/\s+/g, ' ')}`, LONGEST_LINE)
    if (text.length + line.length > LONGEST_DATA) break
    text += text === '' ? line : `\n${line}`
  }
  return text
}

const cut = (text: string, most: number): string =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text).toWellFormed().replaceAll('\0', '')

/** It counts while the decision that made it stands. `correction`: the name of the table in the statement. */
export const stands = (correction: SQL): SQL => sql`exists (
  select from value_changes decided where decided.decision_id = ${correction}.decision_id and decided.product_id = ${correction}.product_id
    and decided.before_undo is null)`

export interface CorrectionFilter {
  readonly sourceId: string
  readonly attribute?: string | undefined
  readonly search?: string | undefined
}

/** A source's corrections, the latest first. */
export async function listCorrections(
  tx: Tx,
  { filter, before, limit }: { filter: CorrectionFilter; before: string | null; limit: number },
): Promise<{ items: (Correction & { readonly identifier: string })[]; nextCursor: string | null }> {
  const { sourceId, attribute, search } = filter
  const asked = search === undefined || search.trim() === '' ? undefined : search.trim()
  const rows = await tx
    .select({
      correction: corrections,
      identifier: sql<string>`(select identifier from products where products.id = ${corrections.productId})`,
    })
    .from(corrections)
    .where(
      and(
        eq(corrections.sourceId, sourceId),
        isNull(corrections.deletedAt),
        attribute === undefined ? undefined : eq(corrections.attribute, attribute),
        asked === undefined
          ? undefined
          : sql`position(${foldText(asked)} in lower(${corrections.wrote} || ' ' || coalesce(${corrections.made}, '') || ' ' || coalesce(${corrections.reason}, ''))) > 0`,
        before === null ? undefined : sql`${corrections.id} < ${before}::uuid`,
        stands(sql`corrections`),
      ),
    )
    .orderBy(desc(corrections.id))
    .limit(limit + 1)
  const items = rows.slice(0, limit).map(({ correction, identifier }) => ({ ...correction, identifier }))
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null }
}

/** Changes a correction as a person sees it; deleting it can be undone. @throws AppError correction.missing */
export async function changeCorrection(
  tx: Tx,
  {
    sourceId,
    correctionId,
    change,
  }: {
    sourceId: string
    correctionId: string
    change: { readonly on?: boolean | undefined; readonly made?: string | undefined; readonly deleted?: boolean | undefined }
  },
): Promise<Correction & { readonly identifier: string }> {
  const [before] = await tx
    .select()
    .from(corrections)
    .where(and(eq(corrections.id, correctionId), eq(corrections.sourceId, sourceId)))
    .for('update')
  if (!before) throw new AppError('correction.missing', 'There is no such correction in what is remembered of this source.')
  const made = change.made === undefined || before.kind === 'rejected' ? before.made : change.made
  const [changed] = await tx
    .update(corrections)
    .set({
      ...(change.on === undefined ? {} : { on: change.on }),
      ...(change.deleted === undefined ? {} : { deletedAt: change.deleted ? sql`now()` : null }),
      made,
      pairs: made === before.made || made === null ? before.pairs : wordPairs(before.wrote, made).map(pairKey),
    })
    .where(eq(corrections.id, correctionId))
    .returning()
  const [product] = await rowsOf<{ identifier: string }>(tx, sql`select identifier from products where id = ${before.productId}::uuid`)
  return { ...changed!, identifier: product!.identifier }
}
