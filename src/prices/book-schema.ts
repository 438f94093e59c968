import { z } from 'zod'
import { USAGE_UNITS } from '../base/usage.ts'
import { HOURS } from './book.ts'

// Only the tests and tools/price-book load this file: the start path reads the books without zod.

const day = z.iso.date()
const decimal = z.string().regex(/^(0|[1-9]\d{0,8})(\.\d{1,9})?$/, 'a plain decimal')
export const modelPattern = z
  .string()
  .min(1)
  .refine((model) => model.split('*').length <= 2, 'at most one "*"')
const unitPrices = z.partialRecord(z.enum(USAGE_UNITS), decimal).refine((prices) => Object.keys(prices).length > 0, 'no price')

export const priceSourceSchema = z.strictObject({
  title: z.string().min(1),
  url: z.url().optional(),
  licence: z.string().min(1),
  checkedAt: day,
})

export const priceAliasSchema = z.strictObject({
  alias: z.string().min(1),
  model: z.string().min(1),
  validFrom: day.optional(),
  validTo: day.optional(),
  source: z.string().min(1),
})

export const modelFactSchema = z.strictObject({
  id: z.string().min(1),
  contextTokens: z.int().positive().optional(),
  maxOutputTokens: z.int().positive().optional(),
  shutdownDate: day.optional(),
  successor: z.string().min(1).optional(),
  source: z.string().min(1),
})

export const priceLineSchema = z.strictObject({
  model: modelPattern,
  serviceTier: z.string().min(1).optional(),
  batch: z.boolean().optional(),
  regions: z.array(z.string().min(1)).min(1).optional(),
  fromInputTokens: z.int().positive().optional(),
  currency: z.string().length(3).optional(),
  prices: unitPrices,
  validFrom: day.optional(),
  validTo: day.optional(),
  hours: z.string().regex(HOURS).optional(),
  source: z.string().min(1),
})

export const bookHeadShape = {
  currency: z.string().length(3),
  sources: z.record(z.string().regex(/^[^+]+$/), priceSourceSchema),
  tiers: z.record(z.string(), z.string()),
  billedAs: z.partialRecord(z.enum(USAGE_UNITS), z.enum(USAGE_UNITS)),
  sameInRegions: z.array(z.strictObject({ models: z.array(modelPattern), regions: z.array(z.string()), source: z.string() })),
  free: z.boolean().optional(),
  namedByPeople: z.boolean().optional(),
}

/** One file of src/prices. */
export const priceBookSchema = z.strictObject({
  format: z.literal(1),
  provider: z.string().min(1),
  ...bookHeadShape,
  aliases: z.array(priceAliasSchema),
  models: z.array(modelFactSchema),
  prices: z.array(priceLineSchema),
})
