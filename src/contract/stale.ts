import { z } from 'zod'
import { recipeGiven } from './recipes.ts'
import { moneyRange, quoteView } from './runs.ts'
import { defineRoute, idOf, instant } from './route.ts'

/**
 * Why a value would be written from something else today. `options`: a rule found it, and the options that the structure lists, or the
 * rule, are others since. `sibling`: it was filled in from a sibling's value, which says something else since. `examples`: people
 * corrected other products of its source since, which alone makes no value wrong. `unknown`: it was written before Latchkey kept what
 * values are made from, in parts.
 */
export const STALE_CAUSES = ['rules', 'glossary', 'source', 'options', 'sibling', 'model', 'examples', 'unknown'] as const
export const staleCause = z.enum(STALE_CAUSES)
export type StaleCause = z.output<typeof staleCause>

/** Whose values: those of a stored recipe, or of a run whose recipe was never stored. */
const staleOf = z.union([z.strictObject({ recipeId: idOf('recipe') }), z.strictObject({ runId: idOf('run') })])
export type StaleOf = z.output<typeof staleOf>

const causeCount = z.strictObject({
  cause: staleCause,
  count: z.int(),
  changed: z
    .array(z.strictObject({ attribute: z.string(), count: z.int() }))
    .meta({ description: 'With `source`: which attributes of the products say something else, the 10 most frequent' }),
})

export const staleGroup = z
  .strictObject({
    of: staleOf,
    name: z.string().nullable(),
    values: z.int(),
    products: z.int(),
    attributes: z.array(
      z.strictObject({ attribute: z.string(), locale: z.string().nullable(), count: z.int(), causes: z.array(causeCount) }),
    ),
  })
  .meta({ id: 'StaleGroup' })
export type StaleGroupView = z.output<typeof staleGroup>

export const staleState = z
  .strictObject({
    check: z
      .strictObject({
        looked: z.int().meta({ description: 'Products' }),
        of: z.int(),
        startedAt: instant,
        endedAt: instant.nullable().meta({ description: 'null: it is under way' }),
        outdated: z.boolean().meta({ description: 'Something that values are made from changed since: check again' }),
      })
      .nullable()
      .meta({ description: 'null: never checked' }),
    groups: z.array(staleGroup),
  })
  .meta({ id: 'StaleState' })

export const readStale = defineRoute({
  id: 'enrichment.stale.read',
  method: 'get',
  path: '/api/v1/enrichment/stale',
  summary: 'Values that would be written from something else today, and why, as the last check found them',
  needs: 'runs.read',
  answer: staleState,
})

export const checkStale = defineRoute({
  id: 'enrichment.stale.check',
  method: 'post',
  path: '/api/v1/enrichment/stale/checks',
  summary: 'Looks in the background which values are stale; free of charge',
  needs: 'runs.write',
  answer: staleState,
})

const refreshBody = z.strictObject({
  of: staleOf,
  causes: z.array(staleCause).min(1),
  attributes: z.array(z.string().min(1).max(500)).min(1).max(30).optional().meta({ description: 'Absent: all that are stale' }),
})

export const quoteRefresh = defineRoute({
  id: 'enrichment.stale.quote',
  method: 'post',
  path: '/api/v1/enrichment/stale/quotes',
  summary: 'What writing stale values again will cost: these values and no others',
  needs: 'runs.read',
  body: refreshBody,
  answer: z.strictObject({
    values: z.int(),
    products: z.int(),
    runs: z.int().meta({ description: 'Products of which other values are stale are asked about in runs of their own' }),
    quote: quoteView.nullable().meta({ description: 'null: nothing is stale for these causes' }),
  }),
})

export const refreshStale = defineRoute({
  id: 'enrichment.stale.refresh',
  method: 'post',
  path: '/api/v1/enrichment/stale/refreshes',
  summary: 'Makes runs that write stale values again; nothing is spent before they are started',
  needs: 'runs.write',
  body: refreshBody,
  answer: z.strictObject({ runIds: z.array(z.uuid()) }),
})

export const previewStale = defineRoute({
  id: 'recipes.previewStale',
  method: 'post',
  path: '/api/v1/recipes/{recipeId}/stale-preview',
  summary: 'How many values a change of a recipe makes stale, and what writing them again costs about; keeps nothing',
  needs: 'recipes.read',
  params: z.strictObject({ recipeId: idOf('recipe') }),
  body: z.strictObject({ recipe: recipeGiven }),
  answer: z.strictObject({
    values: z.int(),
    products: z.int(),
    counted: z.int().meta({ description: 'Products that were looked at; fewer than `of`: scaled up from the first ones' }),
    of: z.int().meta({ description: 'Products with values of this recipe' }),
    cost: moneyRange.nullable().meta({ description: 'null: nothing is stale, or no price is known' }),
  }),
})

export const readStaleProduct = defineRoute({
  id: 'enrichment.stale.product',
  method: 'get',
  path: '/api/v1/enrichment/stale/products/{productId}',
  summary: 'Which values of a product are stale, and why',
  needs: 'catalogue.read',
  params: z.strictObject({ productId: idOf('product') }),
  answer: z.strictObject({
    values: z.array(
      z.strictObject({
        attribute: z.string(),
        locale: z.string().nullable(),
        causes: z.array(staleCause),
        changed: z.array(z.string()),
      }),
    ),
  }),
})
