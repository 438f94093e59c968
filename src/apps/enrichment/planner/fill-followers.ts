import { and, eq, inArray } from 'drizzle-orm'
import { withMappings } from '../../../catalogue/mappings.ts'
import { readMakings } from '../../../catalogue/makings.ts'
import { withParents } from '../../../catalogue/parents.ts'
import type { ProductValues } from '../../../catalogue/values.ts'
import type { Tx } from '../../../db/database.ts'
import { products, runItems, valueChanges } from '../../../db/schema/index.ts'
import { columnOf, localeOf, type Recipe, type RecipeField } from '../../../contract/recipe.ts'
import { flagValue } from '../checks.ts'
import type { Making } from '../makings.ts'
import type { EnrichmentSubject, FilledValue } from '../settle-call.ts'
import { workInput } from '../show.ts'
import { type FieldValue, validateField } from '../validate.ts'
import { fillValues, slotsBetween } from './fill.ts'
import { answerOf, joinAnswer } from './left.ts'
import { isVariant, type SiblingShape, siblingShape } from './siblings.ts'
import { attributeName } from './targets.ts'

/** How leaders are read: as the products that follow them are. */
interface LeaderReading {
  readonly recipe: Recipe
  readonly recordOf: (product: ProductValues) => Readonly<Record<string, unknown>>
  readonly inherits: boolean // variants have what they lack from their parents
}

/** What a leader wrote, with its shape. */
interface LeaderResult {
  readonly productId: string
  readonly shape: SiblingShape
  readonly values: ReadonlyMap<string, typeof valueChanges.$inferSelect> // by field
  readonly makings: ReadonlyMap<string, Making> // by id
}

/**
 * Products whose leader has its values, with what these give for them. Whoever cannot be filled in stays as it is: the model is
 * asked about it, and so about all whose leader failed or is flagged.
 */
export async function fillFollowers(
  tx: Tx,
  subjects: readonly EnrichmentSubject[],
  { recipe, recordOf, inherits }: LeaderReading,
): Promise<EnrichmentSubject[]> {
  const followers = subjects.filter(({ item, left }) => item.leader !== null && item.escalated === null && left !== null)
  if (followers.length === 0) return [...subjects]
  const leaders = await readLeaders(tx, {
    runId: followers[0]!.item.runId,
    positions: [...new Set(followers.map(({ item }) => item.leader!))],
    recipe,
    recordOf,
    inherits,
  })
  return subjects.map((subject) => {
    const leader = subject.item.leader === null || subject.item.escalated !== null ? undefined : leaders.get(subject.item.leader)
    const filled = leader && subject.left ? fillFrom(leader, subject, recipe) : undefined
    return filled ? { ...subject, filled } : subject
  })
}

async function readLeaders(
  tx: Tx,
  { runId, positions, recipe, recordOf, inherits }: LeaderReading & { runId: string; positions: readonly number[] },
): Promise<Map<number, LeaderResult>> {
  const rows = await tx
    .select({
      position: runItems.position,
      productId: products.id,
      sourceId: products.sourceId,
      parentId: products.parentId,
      imported: products.imported,
      written: products.written,
    })
    .from(runItems)
    .innerJoin(products, eq(products.id, runItems.subjectId))
    .where(and(eq(runItems.runId, runId), inArray(runItems.position, [...positions]), eq(runItems.state, 'done')))
  if (rows.length === 0) return new Map()
  const changes = await tx
    .select()
    .from(valueChanges)
    .where(
      and(
        inArray(
          valueChanges.productId,
          rows.map(({ productId }) => productId),
        ),
        eq(valueChanges.runId, runId),
        inArray(valueChanges.state, ['proposed', 'accepted']),
      ),
    )
  const makings = (await readMakings(tx, [...new Set(changes.flatMap(({ making }) => making ?? []))])) as ReadonlyMap<string, unknown>
  const mapped = await withMappings(tx, rows)
  const leaders = inherits ? await withParents(tx, mapped) : mapped
  const byProduct = Map.groupBy(changes, ({ productId }) => productId)
  return new Map(
    leaders.flatMap(({ position, productId, ...product }) => {
      const shape = siblingShape(workInput(recordOf(product), recipe))
      const values = new Map(
        recipe.fields.flatMap((field) => {
          const change = byProduct
            .get(productId)
            ?.find(({ attribute, locale }) => attribute === columnOf(field) && locale === localeOf(recipe, field))
          return change ? [[field.name, change] as const] : []
        }),
      )
      return shape ? [[position, { productId, shape, values, makings: makings as ReadonlyMap<string, Making> }] as const] : []
    }),
  )
}

/** A colour, a size that is said of the leader in other words than its data has would be wrong of another one. */
function keepsVariant(field: RecipeField, before: FieldValue | null, after: FieldValue | null): boolean {
  if (field.type === 'text' || before === null || after === null) return false
  if (typeof before !== 'object' || typeof after !== 'object') return isVariant(attributeName(columnOf(field))) && before === after
  return Object.entries(before).some(([name, value]) => isVariant(attributeName(name)) && after[name] === value)
}

/** Undefined: not everything that is left can be filled in and passes the checks that an answer passes. */
function fillFrom(
  { productId, shape, values, makings }: LeaderResult,
  subject: EnrichmentSubject,
  recipe: Recipe,
): FilledValue[] | undefined {
  const own = siblingShape(workInput(subject.values, recipe))
  const fields = subject.left!.fields
  if (!own || fields.some(({ name }) => !values.has(name))) return undefined
  const slots = slotsBetween(shape, own)
  if (!slots || slots === 'ambiguous') return undefined
  const given = Object.fromEntries(fields.map(({ name }) => [name, values.get(name)!.value as FieldValue | null]))
  const filled = fillValues({
    leader: shape,
    follower: own,
    values: given,
    localeOf: (name) =>
      localeOf(
        recipe,
        recipe.fields.find((field) => field.name === name)!,
      ),
  })
  if (filled.kind === 'refused') return undefined
  if (slots.some(({ named }) => named) && fields.some((field) => keepsVariant(field, given[field.name]!, filled.values[field.name]!)))
    return undefined
  const result: FilledValue[] = []
  for (const field of recipe.fields) {
    if (!fields.some(({ name }) => name === field.name)) continue
    const change = values.get(field.name)!
    const text = filled.values[field.name] ?? null
    const found = answerOf(field, subject.answers)
    const value = found && text !== null ? joinAnswer(field, found.value, text) : text
    const checked = validateField(recipe, field, value)
    if ('problem' in checked) return undefined
    if (value !== null && flagValue({ value, productValues: subject.values, locale: localeOf(recipe, field) }).length > 0) return undefined
    const { callId, values: _values, ...provenance } = change.provenance
    const filledFrom = {
      productId,
      changeId: change.id,
      ...(callId === undefined ? {} : { callId }),
      words: slots.map(({ from, to }) => ({ from, to })),
    }
    const making = change.making === null ? undefined : makings.get(change.making)
    result.push({ field: field.name, value: checked.value, provenance: { ...provenance, filledFrom }, making })
  }
  return result
}
