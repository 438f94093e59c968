import { z } from 'zod'
import { sourceMapping } from './mapping.ts'
import { countQuery, defineRoute, idOf, instant, pageOf } from './route.ts'

/** Text that a database can hold: no NUL, no half of a character. */
const isText = (given: string): boolean => given.isWellFormed() && !given.includes('\0')
const NO_TEXT = 'holds characters that are no text'

/** An attribute's name, as the catalogue's own files spell it. */
const attributeName = z.string().min(1).max(500).refine(isText, NO_TEXT)

/** A channel and a language: "ecommerce/de-DE"; "ecommerce/" for a channel without languages; empty where there are no channels. */
const standingPlace = z.string().max(600).refine(isText, NO_TEXT)

/**
 * Which products: each member narrows it further, none means all. `search`: every word of it begins a
 * word, or a part of one, of the identifier, the name or any value, in any case. `family`: '' asks for products without one. `missing`: an attribute that is empty in current values.
 */
export const productFilter = z
  .strictObject({
    search: z.string().max(200).refine(isText, NO_TEXT).optional(),
    sourceId: idOf('source').optional(),
    family: z.string().max(500).refine(isText, NO_TEXT).optional(),
    category: z
      .string()
      .min(1)
      .max(1_000)
      .refine(isText, NO_TEXT)
      .optional()
      .meta({ description: 'Is in this category, or in one below it where its file writes the way ("Garden > Lamps")' }),
    missing: attributeName.optional(),
    proposals: z.boolean().optional().meta({ description: 'Has proposals that wait for a person, or has none' }),
    flagged: z.boolean().optional().meta({ description: 'Has a proposal that is flagged, or has none' }),
    stale: z.boolean().optional().meta({ description: 'Has a value that would be written from something else today, or has none' }),
    variants: z.boolean().optional().meta({ description: 'Is a variant of a product, or is none' }),
    complete: standingPlace.optional().meta({ description: 'Has everything that its family asks for in this channel and language' }),
    incomplete: standingPlace.optional().meta({ description: 'Lacks something that its family asks for there' }),
    qualityBelow: z.int().min(1).max(100).optional().meta({ description: 'Its quality score is lower' }),
    unfit: z
      .string()
      .max(500)
      .refine(isText, NO_TEXT)
      .optional()
      .meta({ description: 'A value of this attribute does not fit its type; empty: of any' }),
  })
  .meta({ id: 'ProductFilter' })
export type ProductFilter = z.output<typeof productFilter>

/** A filter in a query string. */
export const productFilterQuery = productFilter.extend({
  proposals: z.stringbool().optional(),
  flagged: z.stringbool().optional(),
  stale: z.stringbool().optional(),
  variants: z.stringbool().optional(),
  qualityBelow: z.coerce.number().int().min(1).max(100).optional(),
})

/** Products that a person chose: one by one, or all that match a filter but some. */
export const productSelection = z
  .union([
    z.strictObject({ ids: z.array(idOf('product')).min(1).max(10_000) }),
    z.strictObject({ filter: productFilter, except: z.array(idOf('product')).max(10_000).default([]) }),
  ])
  .meta({ id: 'ProductSelection' })
export type ProductSelection = z.output<typeof productSelection>

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
    quality: z.int().meta({ description: 'Its score, 0 to 100' }),
    picture: picture.nullable(),
    proposals: z.int(),
    flagged: z.int(),
    updatedAt: instant,
    values: z.record(z.string(), z.string()).meta({ description: 'Current values of the attributes asked for, cut to 300 characters' }),
  })
  .meta({ id: 'ProductRow' })
export type ProductRowView = z.output<typeof productRow>

export const PRODUCT_SORTS = ['row', 'identifier', 'name', 'quality', 'updated'] as const

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
  answer: pageOf(productRow).extend({
    matching: z.int().nullable().meta({ description: 'How many there are; on the first page only' }),
    index: indexState,
  }),
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
    atLeast: z.boolean().meta({ description: 'So many match that all other counts are lower bounds' }),
    proposals: z.int().meta({ description: 'Of those, products with proposals' }),
    flagged: z.int(),
    variants: z.int().meta({ description: 'Of those, variants of a product' }),
    families: z.array(z.strictObject({ family: z.string().nullable(), count: z.int() })),
    categories: z.array(z.strictObject({ category: z.string(), count: z.int() })),
    attributes: z.array(z.strictObject({ attribute: z.string(), missing: z.int() })),
    standing: z.strictObject({
      unfit: z.int().meta({ description: 'Products with a value that does not fit its type' }),
      quality: z.array(z.strictObject({ below: z.int(), count: z.int() })).meta({ description: 'Products below some scores' }),
      places: z.array(z.strictObject({ place: z.string(), complete: z.int(), incomplete: z.int() })),
    }),
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

/** A value of a product, in one locale and for one channel where it is written for one. */
const productValue = z
  .strictObject({
    attribute: z.string(),
    locale: z.string().nullable().meta({ description: 'BCP 47; null: not localised' }),
    channel: z.string().nullable().meta({ description: 'null: of no channel in particular' }),
    value: z.unknown().meta({ description: 'As it stands; null: nothing' }),
    imported: z.unknown().meta({ description: 'What the source says' }),
    kind: z.enum(['imported', 'person', 'generated', 'practice', 'rule']).meta({ description: 'Where the value came from' }),
    changeId: z.uuid().nullable().meta({ description: 'The change that wrote it; null: it is the source’s own' }),
    decision: z
      .string()
      .nullable()
      .meta({ description: 'On whose word it was accepted: "person", "accepted by rule", "accepted by command"' }),
    at: instant.meta({ description: 'When it was written or imported' }),
    inheritedFrom: z
      .strictObject({ id: z.uuid(), identifier: z.string() })
      .nullable()
      .meta({ description: 'The product that says so, where this one is a variant that says nothing' }),
    fixed: z.boolean().meta({ description: 'It tells products apart: it is changed in its file, not here' }),
    proposals: z.int().meta({ description: 'That wait at this place' }),
    flagged: z.int(),
  })
  .meta({ id: 'ProductValue' })
export type ProductValueView = z.output<typeof productValue>

const neighbour = z.strictObject({ id: z.uuid(), name: z.string().nullable(), identifier: z.string() }).nullable()

export const productView = z
  .strictObject({
    id: idOf('product'),
    source: z.strictObject({ id: idOf('source'), label: z.string() }),
    identifier: z.string(),
    row: z.int(),
    name: z.string().nullable(),
    family: z.string().nullable(),
    gone: z.boolean().meta({ description: 'The last import no longer brought it' }),
    parent: z
      .strictObject({ id: z.uuid().nullable(), identifier: z.string() })
      .nullable()
      .meta({ description: 'What it is a variant of; id null: no product of the catalogue bears that identifier, as Google’s groups' }),
    variants: z.array(z.strictObject({ id: z.uuid(), identifier: z.string() })).meta({ description: 'The first 100' }),
    importedAt: instant,
    pictures: z.array(picture),
    values: z.array(productValue),
    previous: neighbour.meta({ description: 'Its neighbours in the list that the query describes' }),
    next: neighbour,
  })
  .meta({ id: 'Product' })
export type ProductView = z.output<typeof productView>

export const readProduct = defineRoute({
  id: 'catalogue.products.read',
  method: 'get',
  path: '/api/v1/catalogue/products/{productId}',
  summary: 'One product: its current values, where each came from, its pictures, its neighbours in the list',
  needs: 'catalogue.read',
  params: z.strictObject({ productId: idOf('product') }),
  query: productFilterQuery.extend({ sort: z.enum(PRODUCT_SORTS).default('row'), direction: z.enum(['up', 'down']).default('up') }),
  answer: productView,
})

/** Which columns a source's list shows as name, family and picture. */
export const sourceColumns = z
  .strictObject({ name: attributeName.nullable(), family: attributeName.nullable(), picture: attributeName.nullable() })
  .meta({ id: 'SourceColumns' })

export const sourceView = z
  .strictObject({
    id: idOf('source'),
    label: z.string(),
    kind: z.enum(['upload', 'sample', 'command']).meta({ description: '`command`: a file that the command line read' }),
    products: z.int(),
    importedAt: instant,
    attributes: z.array(z.string()).meta({ description: 'Columns of the file, then what was written beside them' }),
    columns: sourceColumns,
    mapping: sourceMapping.nullable().meta({ description: 'What its columns mean; null: each is an attribute of its own name' }),
    /** A file of the command line is exported by the command line, which has its path. */
    exportable: z.boolean(),
    merchant: z.boolean().meta({ description: 'Its file is a feed in Google Merchant’s format' }),
    importing: z.uuid().nullable().meta({ description: 'The import under way' }),
  })
  .meta({ id: 'Source' })
export type SourceView = z.output<typeof sourceView>

export const listSources = defineRoute({
  id: 'catalogue.sources.list',
  method: 'get',
  path: '/api/v1/catalogue/sources',
  summary: 'The files that products come from',
  needs: 'catalogue.read',
  answer: z.strictObject({ sources: z.array(sourceView) }),
})

export const changeSource = defineRoute({
  id: 'catalogue.sources.change',
  method: 'patch',
  path: '/api/v1/catalogue/sources/{sourceId}',
  summary: 'Renames a source, or says what its columns mean and which are name, family and picture',
  needs: 'catalogue.write',
  params: z.strictObject({ sourceId: idOf('source') }),
  body: z.strictObject({
    label: z.string().trim().min(1).max(200).refine(isText, NO_TEXT).optional(),
    columns: sourceColumns.optional(),
    mapping: sourceMapping.nullable().optional(),
  }),
  answer: sourceView,
})

const exportChoices = {
  origins: {
    description:
      'Beside each column that Latchkey wrote in, "<column> (origin)" (JSONL: an object "_origin") says whose words a value is: AI-written, AI-edited, human, rule, practice, supplier',
  },
  structured: {
    description:
      'In feeds of Google Merchant’s format: titles and descriptions that a model wrote and nobody edited go to structured_title and structured_description, marked trained_algorithmic_media; the plain ones are empty there',
  },
}

export const exportSource = defineRoute({
  id: 'catalogue.sources.export',
  method: 'get',
  path: '/api/v1/catalogue/sources/{sourceId}/export',
  summary: 'The file as it was imported last, with every accepted value written in',
  needs: 'catalogue.read',
  params: z.strictObject({ sourceId: idOf('source') }),
  query: z.strictObject({
    origins: z.stringbool().default(false).meta(exportChoices.origins),
    structured: z.stringbool().default(true).meta(exportChoices.structured),
    prepared: z
      .uuid()
      .optional()
      .meta({ description: 'The file of this prepared export, once, as it was written; the other choices are its own' }),
  }),
  gives: 'file',
})

/** Why a value could not be written into a file. */
const LEFT_REASONS = ['formula', 'merged', 'too_long', 'attribute', 'characters'] as const

const leftCell = z
  .strictObject({
    identifier: z.string(),
    line: z.int().meta({ description: 'In the file; of a workbook its row, as the spreadsheet numbers it' }),
    column: z.string(),
    reason: z.enum(LEFT_REASONS).meta({
      description:
        '`formula`: the cell holds one, which stays; `merged`: it is merged with the one above; `too_long`: longer than a cell can be; `attribute`: XML says it in an attribute; `characters`: the file cannot hold them',
    }),
    characters: z.string(),
  })
  .meta({ id: 'CellLeftOut' })
export type CellLeftOut = z.output<typeof leftCell>

export const prepareExport = defineRoute({
  id: 'catalogue.sources.prepareExport',
  method: 'post',
  path: '/api/v1/catalogue/sources/{sourceId}/export',
  summary: 'Writes the file, to be fetched within an hour, and says which accepted values it could not hold',
  needs: 'catalogue.read',
  params: z.strictObject({ sourceId: idOf('source') }),
  body: z.strictObject({
    origins: z.boolean().default(false).meta(exportChoices.origins),
    structured: z.boolean().default(true).meta(exportChoices.structured),
  }),
  answer: z.strictObject({
    prepared: z.uuid().meta({ description: 'What to fetch it with' }),
    products: z.int(),
    changedCells: z.int().meta({ description: 'Cells that say something else than in the file that was imported' }),
    left: z
      .strictObject({ count: z.int(), cells: z.array(leftCell).meta({ description: 'The first 200' }) })
      .meta({ description: 'Cells that were left as they were' }),
  }),
})

/** What a person says of a file; it goes before what Latchkey found. */
const readingChoices = z.strictObject({
  delimiter: z.string().min(1).max(20).optional().meta({ description: 'The character, or comma, semicolon, tab, pipe, colon' }),
  encoding: z.string().min(1).max(40).optional(),
  identifier: z
    .union([attributeName, z.strictObject({ rowNumber: z.literal(true) })])
    .optional()
    .meta({ description: 'The column that tells products apart, or by row number' }),
  sheet: z.string().min(1).max(200).refine(isText, NO_TEXT).optional().meta({ description: 'XLSX: the sheet to read' }),
  headerRow: z.int().min(1).max(1_048_576).optional().meta({ description: 'XLSX: the row that names the columns, from 1' }),
})
export type ReadingChoices = z.output<typeof readingChoices>

/** How a file is understood, before anything of it is imported. */
const fileLook = z
  .strictObject({
    kind: z.enum(['delimited', 'jsonl', 'xlsx', 'xml']),
    encoding: z.string(),
    delimiter: z.string().nullable().meta({ description: 'null: no delimited file' }),
    sheet: z
      .strictObject({ name: z.string(), names: z.array(z.string()), headerRow: z.int() })
      .nullable()
      .meta({ description: 'XLSX: the sheet that is read, those there are, and the row that names its columns, from 1' }),
    columns: z.array(z.string()),
    identifier: z.string().nullable().meta({ description: 'The column that tells products apart; null: the row number' }),
    reasons: z.array(z.string()).meta({ description: 'Why it was understood like this' }),
    rows: z
      .array(z.strictObject({ identifier: z.string(), values: z.record(z.string(), z.string()) }))
      .meta({ description: 'The first 20' }),
    problems: z
      .array(z.strictObject({ line: z.int(), reason: z.string() }))
      .meta({ description: 'Rows among those that would be left out' }),
    guessed: sourceColumns,
    profile: z
      .strictObject({
        id: sourceMapping.shape.profile,
        reason: z.string().meta({ description: 'Why it was recognised, or that it was not' }),
        mapping: sourceMapping.nullable().meta({ description: 'What its columns mean then' }),
      })
      .meta({ description: 'The format that the file’s columns show' }),
    mapping: sourceMapping
      .nullable()
      .meta({ description: 'What it would be imported with: as it was last time, else as found; null: none' }),
  })
  .meta({ id: 'FileLook' })
export type FileLookView = z.output<typeof fileLook>

export const fileView = z
  .strictObject({
    id: idOf('file'),
    name: z.string(),
    bytes: z.int(),
    look: fileLook.nullable(),
    problem: z
      .strictObject({ code: z.string(), detail: z.string() })
      .nullable()
      .meta({ description: 'Why it cannot be read as it is, and what to do' }),
    source: z
      .strictObject({ id: z.uuid(), label: z.string(), columns: sourceColumns })
      .nullable()
      .meta({ description: 'The source that a file of this name went to before' }),
  })
  .meta({ id: 'CatalogueFile' })
export type FileView = z.output<typeof fileView>

export const MOST_FILE_BYTES = 1 << 30

export const uploadFile = defineRoute({
  id: 'catalogue.files.upload',
  method: 'post',
  path: '/api/v1/catalogue/files',
  summary: 'Takes a catalogue file (CSV, TSV, JSONL, XLSX, XML; 1 GiB at most) and says how it is understood; imports nothing yet',
  needs: 'catalogue.write',
  query: z.strictObject({ name: z.string().trim().min(1).max(255).refine(isText, NO_TEXT) }),
  takesBytes: true,
  answer: fileView,
})

const fileParams = z.strictObject({ fileId: idOf('file') })

export const lookAtFile = defineRoute({
  id: 'catalogue.files.look',
  method: 'post',
  path: '/api/v1/catalogue/files/{fileId}/look',
  summary: 'Looks at an uploaded file again, with what the person says of it',
  needs: 'catalogue.write',
  params: fileParams,
  body: readingChoices.extend({
    sourceId: idOf('source').optional().meta({ description: 'Where it is to go, if not to the source of its name' }),
  }),
  answer: fileView,
})

const place = { attribute: z.string(), locale: z.string().nullable(), channel: z.string().nullable() }

/** What an import would do. */
export const importChanges = z
  .strictObject({
    state: z.enum(['running', 'finished']),
    bytes: z.int(),
    bytesRead: z.int(),
    read: z.int().meta({ description: 'Products in the file' }),
    new: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    gone: z.int().nullable().meta({ description: 'Products that the source has and the file does not bring; null: not known yet' }),
    rejected: z.int().meta({ description: 'Rows that would be left out' }),
    newExamples: z.array(z.string()).meta({ description: 'Identifiers of the first' }),
    goneExamples: z.array(z.string()),
    attributes: z
      .array(
        z.strictObject({
          ...place,
          filled: z.int().meta({ description: 'Products that said nothing there' }),
          changed: z.int(),
          emptied: z.int(),
          examples: z.array(z.strictObject({ identifier: z.string(), before: z.string(), after: z.string() })),
        }),
      )
      .meta({ description: 'What the source says anew, attribute by attribute, of products that it has: the 200 with the most changes' }),
    conflicts: z
      .strictObject({
        count: z.int(),
        examples: z.array(z.strictObject({ identifier: z.string(), ...place, written: z.string(), imported: z.string() })),
      })
      .meta({ description: 'Over what a person wrote: that stays, and this will wait as a proposal' }),
    rejections: z.array(z.strictObject({ line: z.int(), reason: z.string() })),
  })
  .meta({ id: 'ImportChanges' })
export type ImportChangesView = z.output<typeof importChanges>

export const previewImport = defineRoute({
  id: 'catalogue.files.changes',
  method: 'post',
  path: '/api/v1/catalogue/files/{fileId}/changes',
  summary: 'What importing an uploaded file would change, told while it is found out; nothing is written',
  needs: 'catalogue.write',
  params: fileParams,
  body: z.strictObject({
    sourceId: idOf('source').optional().meta({ description: 'Absent: the source that bears the file’s name' }),
    reading: readingChoices.default({}),
    mapping: sourceMapping.nullable().optional(),
  }),
  answer: importChanges,
  gives: 'events',
})

export const importView = z
  .strictObject({
    id: idOf('import'),
    source: z.strictObject({ id: idOf('source'), label: z.string() }),
    state: z.enum(['running', 'finished', 'failed']),
    bytes: z.int(),
    bytesRead: z.int(),
    read: z.int().meta({ description: 'Products read from the file' }),
    new: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    gone: z.int().meta({ description: 'Products that the source had and the file no longer brings' }),
    rejected: z.int().meta({ description: 'Rows that were left out' }),
    error: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Import' })
export type ImportView = z.output<typeof importView>

export const startImport = defineRoute({
  id: 'catalogue.imports.start',
  method: 'post',
  path: '/api/v1/catalogue/imports',
  summary: 'Imports an uploaded file into a source: the one of its name, or another',
  needs: 'catalogue.write',
  body: z.strictObject({
    fileId: idOf('file'),
    sourceId: idOf('source').optional().meta({ description: 'Absent: the source that bears the file’s name' }),
    reading: readingChoices.default({}),
    columns: sourceColumns.optional(),
    mapping: sourceMapping
      .nullable()
      .optional()
      .meta({ description: 'What its columns mean. Absent: as last time, else as found; null: no mapping' }),
  }),
  answer: importView,
})

const importParams = z.strictObject({ importId: idOf('import') })

export const readImport = defineRoute({
  id: 'catalogue.imports.read',
  method: 'get',
  path: '/api/v1/catalogue/imports/{importId}',
  summary: 'An import, how far it is and what it brought',
  needs: 'catalogue.read',
  params: importParams,
  answer: importView,
})

export const watchImport = defineRoute({
  id: 'catalogue.imports.events',
  method: 'get',
  path: '/api/v1/catalogue/imports/{importId}/events',
  summary: 'The progress of an import, until it ends',
  needs: 'catalogue.read',
  params: importParams,
  answer: importView,
  gives: 'events',
})

export const listRejectedRows = defineRoute({
  id: 'catalogue.imports.rejected',
  method: 'get',
  path: '/api/v1/catalogue/imports/{importId}/rejected',
  summary: 'Rows that an import left out, the first 10,000, with the reason',
  needs: 'catalogue.read',
  params: importParams,
  query: z.strictObject({ cursor: z.string().max(20).optional(), limit: countQuery(500, 100) }),
  answer: pageOf(z.strictObject({ line: z.int(), code: z.string(), reason: z.string() })),
})

export const openSample = defineRoute({
  id: 'catalogue.sample.open',
  method: 'post',
  path: '/api/v1/catalogue/sample',
  summary: 'Brings the sample catalogue into the workspace: 60 products of a shop that does not exist',
  needs: 'catalogue.write',
  answer: z.strictObject({ source: sourceView }),
})

export const readPicture = defineRoute({
  id: 'catalogue.pictures.read',
  method: 'get',
  path: '/api/v1/catalogue/pictures/{picture}',
  summary: 'A picture of the sample catalogue',
  needs: 'catalogue.read',
  params: z.strictObject({ picture: z.string().max(100) }),
  gives: 'file',
})
