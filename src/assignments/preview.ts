import { eq } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { countCharacters } from '../base/text.ts'
import type { CandidateVerdict } from '../contract/assignments.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, products, sources } from '../db/schema/index.ts'
import { explainChoice, type RecordFacts } from './choose.ts'
import { assignedCandidates } from './resolve.ts'

/**
 * Which candidate would serve a product as it is now, and why. Its facts are those of its own values: a recipe that shows
 * the model fewer of them has shorter records.
 * @throws AppError product.missing, assignment.missing.
 */
export async function previewFor(
  tx: Tx,
  { context, productId }: { context: string; productId: string },
): Promise<{ facts: { family: string | null; missing: string[]; inputCharacters: number }; candidates: CandidateVerdict[] }> {
  const [row] = await tx
    .select({ product: products, attributes: sources.attributes, columns: sources.columns, family: productIndex.family })
    .from(products)
    .innerJoin(sources, eq(sources.id, products.sourceId))
    .leftJoin(productIndex, eq(productIndex.productId, products.id))
    .where(eq(products.id, productId))
  if (!row) throw new AppError('product.missing', 'There is no such product in this workspace.')
  const { product, attributes, columns, family } = row
  const facts = factsOf({
    values: currentValues(product),
    attributes,
    family: family ?? textValue(columns?.family ? product.imported[columns.family] : undefined),
  })
  const candidates = explainChoice(await assignedCandidates(tx, context), facts)
  return { facts: { ...facts, missing: [...facts.missing] }, candidates }
}

function currentValues({ imported, written }: typeof products.$inferSelect): Record<string, unknown> {
  const current: Record<string, unknown> = { ...imported }
  for (const [attribute, { value, kind }] of Object.entries(written)) {
    if (kind === 'imported') continue
    if (value !== null) current[attribute] = value
    else if (kind === 'person') delete current[attribute]
  }
  return current
}

/** What rules can ask of a record that holds these values. Its length is that of its names and values, one to a line. */
export function factsOf({
  values,
  attributes,
  family,
}: {
  values: Readonly<Record<string, unknown>>
  attributes: readonly string[]
  family: string | null
}): RecordFacts {
  const lines = Object.entries(values).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
  return {
    family,
    missing: attributes.filter((attribute) => textValue(values[attribute]) === null),
    inputCharacters: lines.reduce((sum, line) => sum + countCharacters(line), 0),
  }
}

/** Null for nothing, and for what a person sees as nothing. */
function textValue(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.trim() === '' ? null : text
}
