import { z } from 'zod'
import { USAGE_UNITS } from '../../src/base/usage.ts'
import { bookHeadShape, modelFactSchema, modelPattern, priceAliasSchema, priceLineSchema } from '../../src/prices/book-schema.ts'

const decimal = z.string().regex(/^\d+(\.\d{1,9})?$/)
const patterns = z.array(modelPattern).min(1)

/**
 * A rule that makes lines out of lines, where a provider publishes a multiple instead of prices. Rules run in order,
 * each over all lines there are by then; what is already priced stays as it is.
 */
export const deriveSchema = z.strictObject({
  models: patterns,
  /** Lines of these tiers only; absent: of every tier. "standard" is the tier without a name. */
  tiers: z.array(z.string()).optional(),
  to: z.union([
    z.strictObject({ serviceTier: z.string() }),
    z.strictObject({ batch: z.literal(true) }),
    z.strictObject({ regions: z.array(z.string()).min(1) }),
    z.strictObject({ fromInputTokens: z.int().positive() }),
    z.strictObject({ unit: z.enum(USAGE_UNITS), of: z.enum(USAGE_UNITS) }),
  ]),
  by: z.union([decimal, z.strictObject({ input: decimal, output: decimal })]),
  /** Only these units; absent: all token units, and fees per call unchanged. */
  units: z.array(z.enum(USAGE_UNITS)).optional(),
  source: z.string(),
})

export type Derive = z.infer<typeof deriveSchema>

/** tools/price-book/by-hand/<provider>.json: everything of a book that no table gives. */
export const byHandSchema = z.strictObject({
  ...bookHeadShape,
  /** These replace what the tables say of the same model from `validFrom` on (without one: altogether). */
  prices: z.array(priceLineSchema.omit({ model: true }).extend({ models: patterns })),
  aliases: z.array(priceAliasSchema),
  models: z.array(modelFactSchema.omit({ id: true }).extend({ ids: patterns })),
  derive: z.array(deriveSchema),
  /** Units whose tables contradict each other too much to be used, and models that need more than these units. */
  withhold: z.array(z.strictObject({ models: patterns, units: z.array(z.enum(USAGE_UNITS)).optional(), why: z.string() })),
})

export type ByHand = z.infer<typeof byHandSchema>
