import sanitizeHtml from 'sanitize-html'
import { AppError } from '../../base/errors.ts'
import type { Tx } from '../../db/database.ts'
import { ALLOWED_ELEMENTS } from '../sanitize.ts'
import { type Misfit, misfitOf } from './fit.ts'
import { loadStructure } from './load.ts'
import type { Attribute } from './model.ts'

/**
 * A value as a person gives it for an attribute: held to its type where a file or a person gave that, since an inferred type may be
 * wrong; marked-up text without what a shop or a page could run.
 * @throws AppError value.invalid
 */
export async function takeValue(tx: Tx, { attribute: code, value }: { attribute: string; value: unknown }): Promise<unknown> {
  const attribute = (await loadStructure(tx)).attributes.get(code)
  if (!attribute || value === null) return value
  const clean = attribute.type === 'html' && typeof value === 'string' ? sanitizeWritten(value) : value
  const misfit = attribute.origin === 'inferred' ? undefined : misfitOf(attribute, clean)
  if (misfit) throw new AppError('value.invalid', `“${code}” ${SENTENCES[misfit](attribute)}`)
  return clean
}

/** Unlike generated text, a person's may link and show pictures; nothing in it runs. */
const sanitizeWritten = (html: string): string =>
  sanitizeHtml(html, {
    allowedTags: [...ALLOWED_ELEMENTS, 'a', 'img'],
    allowedAttributes: {
      a: ['href', 'title'],
      img: ['src', 'alt', 'width', 'height'],
      td: ['colspan', 'rowspan'],
      th: ['colspan', 'rowspan'],
    },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    nestingLimit: 50,
  })

const SENTENCES: Readonly<Record<Misfit, (attribute: Attribute) => string>> = {
  no_text: () => 'takes a text.',
  too_long: ({ rules }) => `takes ${rules.maxLength} characters at most.`,
  no_number: () => 'takes a number, such as 12.5.',
  too_small: ({ rules }) => `takes ${rules.minimum} or more.`,
  too_large: ({ rules }) => `takes ${rules.maximum} or less.`,
  too_many_decimals: ({ rules }) => (rules.decimals === 0 ? 'takes whole numbers.' : `takes ${rules.decimals} decimals at most.`),
  no_measurement: ({ rules }) => `takes a number with its unit, such as 12.5 ${rules.unit ?? 'cm'}.`,
  no_unit: () => 'takes a number with its unit, such as 12.5 cm: the unit is missing.',
  unknown_unit: ({ rules }) => `takes a unit that is known${rules.unit === undefined ? '' : `, such as ${rules.unit}`}.`,
  other_unit: ({ rules }) => `takes units that convert into ${rules.unit}.`,
  no_price: () => 'takes a price with its currency, such as 12.99 EUR.',
  no_currency: () => 'takes a price with its currency, such as 12.99 EUR: the currency is missing.',
  no_boolean: () => 'takes yes or no.',
  no_option: () => 'takes one of its options. Add an option under Catalogue, Structure, if one is missing.',
  no_date: () => 'takes a day, such as 2026-11-20.',
  no_image: () => 'takes the address of a picture.',
  no_table: () => 'takes rows of a table.',
  other_columns: ({ rules }) => `takes rows with the columns ${rules.columns?.join(', ')}.`,
}
