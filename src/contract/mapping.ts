import { z } from 'zod'

/** What the columns of a source's file mean: which attribute each holds, in which locale, channel, currency or unit. */

/** Text that the database can hold. */
const plain = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((given) => given.isWellFormed() && !given.includes('\0'), 'holds characters that are no text')

/** BCP 47, as far as a person may type it. */
export const localeTag = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'is not a language such as "en" or "pt-BR"')

/** A channel's code: "ecommerce", "print". */
export const channelCode = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_.-]+$/, 'is not a channel’s code such as "ecommerce": letters, digits, "_", "-" and "."')

/**
 * What a column is for. `unit`: it names the unit of its attribute's amounts. `kept`: Latchkey does not read it; it comes back on
 * export as it came. Columns of every other role are values of the product, too.
 */
const COLUMN_ROLES = ['attribute', 'identifier', 'parent', 'family', 'categories', 'image', 'option', 'unit', 'kept'] as const

const columnMapping = z
  .strictObject({
    column: plain(500).meta({ description: 'As the file names it' }),
    member: plain(500).optional().meta({ description: 'JSONL: the member of the column’s object that is meant' }),
    role: z.enum(COLUMN_ROLES),
    attribute: plain(500).optional().meta({ description: 'Absent: the column’s own name' }),
    locale: localeTag.optional(),
    channel: channelCode.optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'is not a currency such as "EUR"')
      .optional()
      .meta({ description: 'The column holds the attribute’s price in it' }),
    unit: plain(50).optional().meta({ description: 'The column’s numbers are in it' }),
    level: z
      .enum(['product', 'variant'])
      .optional()
      .meta({ description: '`variant`: never inherited, each variant has its own. `product`: a variant has its parent’s' }),
  })
  .meta({ id: 'ColumnMapping' })
export type ColumnMapping = z.output<typeof columnMapping>

const PROFILE_IDS = ['plain', 'akeneo', 'shopify', 'google-merchant', 'open-food-facts'] as const

/** Columns that it does not name are attributes of their own names. */
export const sourceMapping = z
  .strictObject({
    profile: z.enum(PROFILE_IDS).meta({ description: 'How columns that are new get their meaning, and how added ones are named' }),
    columns: z.array(columnMapping).max(20_000),
  })
  .meta({ id: 'SourceMapping' })
export type SourceMapping = z.output<typeof sourceMapping>
