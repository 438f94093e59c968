import { z } from 'zod'
import { countQuery, defineRoute, idOf, instant, pageOf } from './route.ts'

/** An attribute's name, as the catalogue's own files spell it. */
const attributeName = z.string().min(1).max(500)

/**
 * Which products: each member narrows it further, none means all. `search`: every word of it occurs in the identifier, the name
 * or any value, in any case. `family`: '' asks for products without one. `missing`: an attribute that is empty in current values.
 */
export const productFilter = z
  .strictObject({
    search: z.string().max(200).optional(),
    sourceId: idOf('source').optional(),
    family: z.string().max(500).optional(),
    missing: attributeName.optional(),
    proposals: z.boolean().optional().meta({ description: 'Has proposals that wait for a person, or has none' }),
    flagged: z.boolean().optional().meta({ description: 'Has a proposal that is flagged, or has none' }),
  })
  .meta({ id: 'ProductFilter' })
export type ProductFilter = z.output<typeof productFilter>

/** A filter in a query string. */
export const productFilterQuery = productFilter.extend({
  proposals: z.stringbool().optional(),
  flagged: z.stringbool().optional(),
})

/** Products that a person chose: one by one, or all that match a filter but some. */
export const productSelection = z
  .union([
    z.strictObject({ ids: z.array(idOf('product')).min(1).max(10_000) }),
    z.strictObject({ filter: productFilter, except: z.array(idOf('product')).max(10_000).default([]) }),
  ])
  .meta({ id: 'ProductSelection' })
export type ProductSelection = z.output<typeof productSelection>

/** How many match: exact up to 10,000; `capped` says that there are more. */
export const matchCount = z.strictObject({ count: z.int(), capped: z.boolean() }).meta({ id: 'MatchCount' })

/** The list and its filters are kept in an index of their own, which follows imports in the background. */
export const indexState = z
  .strictObject({
    ready: z.boolean(),
    indexed: z.int().meta({ description: 'Products that list, search and filters know as they are now' }),
    products: z.int().meta({ description: 'Products there are' }),
  })
  .meta({ id: 'CatalogueIndexState' })

/** A picture of a product. Those on other hosts are never loaded: the page links them. */
export const picture = z
  .strictObject({
    url: z.string(),
    host: z.string().nullable().meta({ description: 'null: served by Latchkey itself' }),
  })
  .meta({ id: 'Picture' })
export type PictureView = z.output<typeof picture>

export const productRow = z
  .strictObject({
    id: idOf('product'),
    sourceId: idOf('source'),
    identifier: z.string(),
    row: z.int().meta({ description: 'Its place in the file, from 1' }),
    name: z.string().nullable(),
    family: z.string().nullable(),
    picture: picture.nullable(),
    proposals: z.int(),
    flagged: z.int(),
    updatedAt: instant,
    values: z.record(z.string(), z.string()).meta({ description: 'Current values of the attributes asked for, cut to 300 characters' }),
  })
  .meta({ id: 'ProductRow' })
export type ProductRowView = z.output<typeof productRow>

export const PRODUCT_SORTS = ['row', 'identifier', 'name', 'updated'] as const

export const listProducts = defineRoute({
  id: 'catalogue.products.list',
  method: 'get',
  path: '/api/v1/catalogue/products',
  summary: 'Products that match, a page at a time',
  needs: 'catalogue.read',
  query: productFilterQuery.extend({
    sort: z.enum(PRODUCT_SORTS).default('row'),
    direction: z.enum(['up', 'down']).default('up'),
    attributes: z.string().max(10_000).optional().meta({ description: 'A JSON list of the attributes whose values to give' }),
    cursor: z.string().max(2_000).optional(),
    limit: countQuery(200, 50),
  }),
  answer: pageOf(productRow).extend({ matching: matchCount.nullable().meta({ description: 'On the first page only' }), index: indexState }),
})

export const productFacets = defineRoute({
  id: 'catalogue.products.facets',
  method: 'get',
  path: '/api/v1/catalogue/products/facets',
  summary: 'What the matching products can be narrowed by, with counts',
  needs: 'catalogue.read',
  query: productFilterQuery,
  answer: z.strictObject({
    matching: z.int(),
    proposals: z.int().meta({ description: 'Of those, products with proposals' }),
    flagged: z.int(),
    families: z.array(z.strictObject({ family: z.string().nullable(), count: z.int() })),
    attributes: z.array(z.strictObject({ attribute: z.string(), missing: z.int() })),
    index: indexState,
  }),
})

export const countProducts = defineRoute({
  id: 'catalogue.products.count',
  method: 'post',
  path: '/api/v1/catalogue/products/count',
  summary: 'How many products a selection holds',
  needs: 'catalogue.read',
  body: z.strictObject({ selection: productSelection }),
  answer: z.strictObject({ count: z.int() }),
})
