import { z } from 'zod'
import { quality } from './quality.ts'
import { indexState } from './catalogue.ts'
import { countQuery, defineRoute, idOf, pageOf } from './route.ts'

/** The model of a catalogue: attributes and their types, groups, options, families, categories, channels. */

const plain = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((given) => given.isWellFormed() && !given.includes('\0'), 'holds characters that are no text')
const code = plain(500)
const locale = z.string().regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'is not a language such as "en" or "pt-BR"')
const currency = z.string().regex(/^[A-Z]{3}$/, 'is not a currency such as EUR')

export const ATTRIBUTE_TYPES = [
  ['text', 'long_text', 'html', 'number', 'measurement', 'price'] as const,
  ['boolean', 'select', 'multi_select', 'date', 'image', 'table'] as const,
].flat()
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number]

/** Who said so first: nobody, a file, a person. */
export const STRUCTURE_ORIGINS = ['inferred', 'file', 'person'] as const
export type StructureOrigin = (typeof STRUCTURE_ORIGINS)[number]

const labels = z.record(locale, plain(500)).meta({ description: 'By language' })
export type Labels = z.output<typeof labels>

/** What a value of an attribute has to keep to, each for the types that know it. */
export const attributeRules = z
  .strictObject({
    unit: plain(40).optional().meta({ description: 'Of a measurement that names none; others have to convert into it' }),
    currency: currency.optional().meta({ description: 'Of a price that names none' }),
    maxLength: z.int().min(1).max(1_000_000).optional().meta({ description: 'Characters' }),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    decimals: z.int().min(0).max(12).optional(),
    columns: z.array(plain(200)).max(50).optional().meta({ description: 'Of a table' }),
    identifies: z.boolean().optional().meta({ description: 'Its values tell products apart' }),
  })
  .meta({ id: 'AttributeRules' })
export type AttributeRules = z.output<typeof attributeRules>

/** What an inferred type stands on. */
export const attributeGuess = z
  .strictObject({
    values: z.int().meta({ description: 'Values looked at' }),
    share: z.number().meta({ description: 'Of those, the share that fits the type' }),
    distinct: z.int().meta({ description: 'Different values among them, counted up to 1,000' }),
  })
  .meta({ id: 'AttributeGuess' })
export type AttributeGuess = z.output<typeof attributeGuess>

export const familyVariant = z.strictObject({
  code,
  labels,
  levels: z.array(z.strictObject({ axes: z.array(code), attributes: z.array(code) })).max(5),
})
export type FamilyVariant = z.output<typeof familyVariant>

/** In `required`: what every channel asks for. */
export const EVERY_CHANNEL = '*'

const FIELDS = {
  groups: { labels, position: z.int() },
  attributes: {
    labels,
    position: z.int(),
    type: z.enum(ATTRIBUTE_TYPES),
    group: code.nullable(),
    localisable: z.boolean().meta({ description: 'Has a value per language' }),
    scopable: z.boolean().meta({ description: 'Has a value per channel' }),
    rules: attributeRules,
  },
  options: { labels, position: z.int() },
  families: {
    labels,
    position: z.int(),
    attributes: z.array(code).max(5_000),
    required: z.record(code, z.array(code).max(5_000)).meta({ description: 'Attributes by channel; "*": in every channel' }),
    labelAttribute: code.nullable(),
    imageAttribute: code.nullable(),
    variants: z.array(familyVariant).max(100),
  },
  categories: { labels, position: z.int(), parent: code.nullable().meta({ description: 'null: the root of a tree' }) },
  channels: { labels, position: z.int(), locales: z.array(locale).max(300), currencies: z.array(currency).max(200), tree: code.nullable() },
} as const

export const STRUCTURE_KINDS = ['groups', 'attributes', 'options', 'families', 'categories', 'channels'] as const
export type StructureKind = (typeof STRUCTURE_KINDS)[number]

const stored = {
  code,
  origin: z.enum(STRUCTURE_ORIGINS).meta({ description: 'Who said so first' }),
  corrected: z.array(z.string()).meta({ description: 'What a person said otherwise: no file and no inference changes it' }),
}

export const groupView = z.strictObject({ ...stored, ...FIELDS.groups, attributes: z.int() }).meta({ id: 'AttributeGroup' })
export const attributeView = z
  .strictObject({
    ...stored,
    ...FIELDS.attributes,
    guess: attributeGuess.nullable(),
    options: z.int().meta({ description: 'How many options it has' }),
    families: z.int().meta({ description: 'How many families have it' }),
  })
  .meta({ id: 'Attribute' })
export const optionView = z.strictObject({ ...stored, ...FIELDS.options, attribute: code }).meta({ id: 'AttributeOption' })
export const familyView = z.strictObject({ ...stored, ...FIELDS.families }).meta({ id: 'Family' })
export const categoryView = z
  .strictObject({
    ...stored,
    ...FIELDS.categories,
    children: z.int(),
    path: z.array(z.string()).meta({ description: 'Codes from its root' }),
  })
  .meta({ id: 'Category' })
export const channelView = z.strictObject({ ...stored, ...FIELDS.channels }).meta({ id: 'Channel' })
export type GroupView = z.output<typeof groupView>
export type AttributeView = z.output<typeof attributeView>
export type OptionView = z.output<typeof optionView>
export type FamilyView = z.output<typeof familyView>
export type CategoryView = z.output<typeof categoryView>
export type ChannelView = z.output<typeof channelView>

const ROOT = '/api/v1/catalogue/structure'
const paging = { search: z.string().max(200).optional(), cursor: z.string().max(2_000).optional(), limit: countQuery(500, 100) }

export const readStructure = defineRoute({
  id: 'catalogue.structure.read',
  method: 'get',
  path: ROOT,
  summary: 'How many of each there are, and the languages and currencies the catalogue knows',
  needs: 'catalogue.read',
  answer: z.strictObject({
    groups: z.int(),
    attributes: z.int(),
    inferred: z.int().meta({ description: 'Attributes whose type was inferred' }),
    families: z.int(),
    categories: z.int(),
    channels: z.int(),
    locales: z.array(z.string()),
    currencies: z.array(z.string()),
  }),
})

export const listGroups = defineRoute({
  id: 'catalogue.groups.list',
  method: 'get',
  path: `${ROOT}/groups`,
  summary: 'Attribute groups',
  needs: 'catalogue.read',
  query: z.strictObject(paging),
  answer: pageOf(groupView),
})

export const listAttributes = defineRoute({
  id: 'catalogue.attributes.list',
  method: 'get',
  path: `${ROOT}/attributes`,
  summary: 'Attributes by their codes, a page at a time',
  needs: 'catalogue.read',
  query: z.strictObject({
    ...paging,
    type: z.enum(ATTRIBUTE_TYPES).optional(),
    group: z.string().max(500).optional().meta({ description: 'Empty: in no group' }),
    origin: z.enum(STRUCTURE_ORIGINS).optional(),
    family: code.optional(),
  }),
  answer: pageOf(attributeView),
})

const ofAttribute = z.strictObject({ attribute: code })

export const listOptions = defineRoute({
  id: 'catalogue.options.list',
  method: 'get',
  path: `${ROOT}/attributes/{attribute}/options`,
  summary: 'The options of a select attribute',
  needs: 'catalogue.read',
  params: ofAttribute,
  query: z.strictObject(paging),
  answer: pageOf(optionView),
})

export const listFamilies = defineRoute({
  id: 'catalogue.families.list',
  method: 'get',
  path: `${ROOT}/families`,
  summary: 'Families',
  needs: 'catalogue.read',
  query: z.strictObject(paging),
  answer: pageOf(familyView),
})

export const listCategories = defineRoute({
  id: 'catalogue.categories.list',
  method: 'get',
  path: `${ROOT}/categories`,
  summary: 'Categories under one, or all that match a search',
  needs: 'catalogue.read',
  query: z.strictObject({ ...paging, parent: z.string().max(500).optional().meta({ description: 'Absent: the roots' }) }),
  answer: pageOf(categoryView),
})

export const listChannels = defineRoute({
  id: 'catalogue.channels.list',
  method: 'get',
  path: `${ROOT}/channels`,
  summary: 'Channels',
  needs: 'catalogue.read',
  query: z.strictObject(paging),
  answer: pageOf(channelView),
})

const body = <Kind extends StructureKind, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) =>
  z.strictObject({ kind: z.literal(kind), code: z.string().trim().pipe(code), set: z.strictObject(fields).partial() })
const optionBody = body('options', FIELDS.options).extend({ attribute: code })

/** One item with the members that a person gives. */
const givenItem = z.discriminatedUnion('kind', [
  body('groups', FIELDS.groups),
  body('attributes', FIELDS.attributes),
  optionBody,
  body('families', FIELDS.families),
  body('categories', FIELDS.categories),
  body('channels', FIELDS.channels),
])
export type GivenItem = z.output<typeof givenItem>

/** Which item. */
const itemKey = z.union([
  z.strictObject({ kind: z.enum(STRUCTURE_KINDS).exclude(['options']), code }),
  z.strictObject({ kind: z.literal('options'), attribute: code, code }),
])
export type ItemKey = z.output<typeof itemKey>

export const addItem = defineRoute({
  id: 'catalogue.structure.add',
  method: 'post',
  path: `${ROOT}/items`,
  summary: 'Adds an attribute, a group, an option, a family, a category or a channel',
  needs: 'catalogue.write',
  body: givenItem,
})

export const changeItem = defineRoute({
  id: 'catalogue.structure.change',
  method: 'patch',
  path: `${ROOT}/items`,
  summary: 'Changes one of them: what is given stays as the person says, whatever a file or an inference says later',
  needs: 'catalogue.write',
  body: givenItem,
})

export const removeItem = defineRoute({
  id: 'catalogue.structure.remove',
  method: 'post',
  path: `${ROOT}/items/remove`,
  summary: 'Removes one of them that nothing needs; what products say stays',
  needs: 'catalogue.write',
  body: itemKey,
})

// ---- how products stand against it -------------------------------------------------------------------------------------------

export const MISFITS = [
  ['no_text', 'too_long', 'no_number', 'too_small', 'too_large', 'too_many_decimals'] as const,
  ['no_measurement', 'no_unit', 'unknown_unit', 'other_unit', 'no_price', 'no_currency'] as const,
  ['no_boolean', 'no_option', 'no_date', 'no_image', 'no_table', 'other_columns'] as const,
].flat()

const productStanding = z
  .strictObject({
    family: z.strictObject({ code, labels }).nullable().meta({ description: 'null: none that the structure knows' }),
    quality,
    completeness: z.array(
      z.strictObject({
        channel: z.string().nullable(),
        locale: z.string().nullable(),
        required: z.int(),
        missing: z.array(z.string()).meta({ description: 'Required attributes that say nothing there' }),
      }),
    ),
    misfits: z.array(
      z.strictObject({
        attribute: z.string(),
        locale: z.string().nullable(),
        channel: z.string().nullable(),
        misfit: z.enum(MISFITS).meta({ description: 'Why the value does not fit its attribute' }),
      }),
    ),
    attributes: z
      .array(
        z.strictObject({
          ...z.strictObject(FIELDS.attributes).omit({ position: true, group: true }).shape,
          code,
          inferred: z.boolean().meta({ description: 'Its type was inferred: a value that does not fit is shown so, not refused' }),
        }),
      )
      .meta({ description: 'Of its values and its family' }),
  })
  .meta({ id: 'ProductStanding' })
export type ProductStandingView = z.output<typeof productStanding>

export const readProductStanding = defineRoute({
  id: 'catalogue.products.standing',
  method: 'get',
  path: '/api/v1/catalogue/products/{productId}/standing',
  summary: 'How a product stands: its quality with every part, its completeness in each channel and language, values that do not fit',
  needs: 'catalogue.read',
  params: z.strictObject({ productId: idOf('product') }),
  answer: productStanding,
})

const familyStanding = z.strictObject({
  products: z.int(),
  quality: z.number().nullable().meta({ description: 'The mean of their scores; null: no product' }),
  complete: z.int().meta({ description: 'Products that lack nothing anywhere' }),
  asked: z.int().meta({ description: 'Products of which anything is asked' }),
  places: z.array(z.strictObject({ channel: z.string().nullable(), locale: z.string().nullable(), complete: z.int(), asked: z.int() })),
})

export const readStandings = defineRoute({
  id: 'catalogue.structure.standings',
  method: 'get',
  path: `${ROOT}/standings`,
  summary: 'Completeness in each channel and language, and quality: of all products, and family by family',
  needs: 'catalogue.read',
  answer: z.strictObject({
    all: familyStanding,
    families: z
      .array(familyStanding.extend({ family: z.string().nullable().meta({ description: 'As products name it; null: in none' }), labels }))
      .meta({ description: 'The 300 with the most products' }),
    index: indexState,
  }),
})
export type FamilyStandingView = z.output<typeof familyStanding>

// ---- files that hold a structure ---------------------------------------------------------------------------------------------

export const STRUCTURE_FILES = [...STRUCTURE_KINDS, 'family_variants', 'locales', 'currencies'] as const
export type StructureFileKind = (typeof STRUCTURE_FILES)[number]

const nameList = z.array(z.string()).meta({ description: 'The first 20 codes' })

/** What a file of attributes, families or the like would change. */
export const structureFileLook = z
  .strictObject({
    kind: z.enum(STRUCTURE_FILES),
    reason: z.string().meta({ description: 'Why it was taken for one' }),
    rows: z.int(),
    new: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    kept: z.int().meta({ description: 'Items where a person’s own correction stays' }),
    newCodes: nameList,
    changes: z
      .array(z.strictObject({ code: z.string(), member: z.string(), before: z.string(), after: z.string() }))
      .meta({ description: 'The first 50' }),
    problems: z.array(z.strictObject({ line: z.int(), reason: z.string() })).meta({ description: 'Rows that are left out, the first 50' }),
    missing: z.array(z.string()).meta({ description: 'Codes that it names and nothing defines, the first 20' }),
  })
  .meta({ id: 'StructureFileLook' })
export type StructureFileLook = z.output<typeof structureFileLook>

const ofFile = z.strictObject({ fileId: idOf('file') })

export const lookAtStructureFile = defineRoute({
  id: 'catalogue.structure.files.look',
  method: 'get',
  path: '/api/v1/catalogue/files/{fileId}/structure',
  summary: 'Whether an uploaded file holds structure (attributes, options, families, categories, channels), and what it would change',
  needs: 'catalogue.write',
  params: ofFile,
  answer: z.strictObject({ look: structureFileLook.nullable().meta({ description: 'null: it holds products, as far as can be told' }) }),
})

export const importStructureFile = defineRoute({
  id: 'catalogue.structure.files.import',
  method: 'post',
  path: '/api/v1/catalogue/files/{fileId}/structure',
  summary: 'Takes an uploaded file into the structure: adds what is new, changes what nobody corrected, removes nothing',
  needs: 'catalogue.write',
  params: ofFile,
  answer: structureFileLook,
})
