import { z } from 'zod'
import { countQuery, defineRoute, idOf, instant, pageOf } from './route.ts'

/** What is remembered of a source: corrections that people made, rules that follow from them, and how often values are accepted. */

const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((given) => given.isWellFormed() && !given.includes('\0'), 'holds characters that are no text')
const attribute = plainText(500).min(1)
const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'is not a language such as "en" or "pt-BR"')
const params = z.strictObject({ sourceId: idOf('source') })

export const correctionView = z
  .strictObject({
    id: idOf('correction'),
    product: z.strictObject({ id: idOf('product'), identifier: z.string() }),
    attribute: z.string(),
    locale: z.string().nullable(),
    kind: z.enum(['edited', 'rejected']),
    wrote: z.string().meta({ description: 'What the model wrote' }),
    made: z.string().nullable().meta({ description: 'What a person made of it; null: it was rejected' }),
    reason: z.string().nullable(),
    data: z.string().meta({ description: 'The product’s data as it was, cut' }),
    model: z.string().nullable(),
    on: z.boolean().meta({ description: 'May stand in prompts as an example' }),
    by: z.string().nullable().meta({ description: 'The person’s name; null: no longer known' }),
    at: instant,
  })
  .meta({ id: 'Correction' })

export const listCorrections = defineRoute({
  id: 'catalogue.memory.corrections.list',
  method: 'get',
  path: '/api/v1/catalogue/sources/{sourceId}/memory/corrections',
  summary: 'What people made of what models wrote for a source’s products, the latest first',
  needs: 'catalogue.read',
  params,
  query: z.strictObject({
    search: plainText(200).optional(),
    attribute: attribute.optional(),
    cursor: z.uuid().optional(),
    limit: countQuery(100, 30),
  }),
  answer: pageOf(correctionView),
})

export const changeCorrection = defineRoute({
  id: 'catalogue.memory.corrections.change',
  method: 'patch',
  path: '/api/v1/catalogue/sources/{sourceId}/memory/corrections/{correctionId}',
  summary: 'Turns an example on or off, changes its text, deletes it or takes that back',
  needs: 'catalogue.write',
  params: params.extend({ correctionId: idOf('correction') }),
  body: z.strictObject({ on: z.boolean().optional(), made: plainText(4_000).min(1).optional(), deleted: z.boolean().optional() }),
  answer: correctionView,
})

const about = {
  attribute: attribute.nullable().meta({ description: 'null: every attribute' }),
  locale: locale.nullable().meta({ description: 'null: every language' }),
  term: plainText(200).trim().min(1),
  use: plainText(200).trim().min(1).nullable().meta({ description: 'What is written instead; null: the term is never written' }),
}

export const ruleView = z
  .strictObject({
    ...about,
    id: idOf('rule'),
    on: z.boolean(),
    support: z.int().meta({ description: 'Products that were corrected alike when it was suggested; 0: a person wrote it' }),
    by: z.string().nullable(),
    at: instant,
  })
  .meta({ id: 'SupplierRule' })

export const suggestionView = z.strictObject({ ...about, support: z.int() }).meta({ id: 'SupplierRuleSuggestion' })

export const listRules = defineRoute({
  id: 'catalogue.memory.rules.list',
  method: 'get',
  path: '/api/v1/catalogue/sources/{sourceId}/memory/rules',
  summary: 'A source’s rules, and those that follow from at least three corrections alike',
  needs: 'catalogue.read',
  params,
  answer: z.strictObject({ rules: z.array(ruleView), suggestions: z.array(suggestionView) }),
})

export const addRule = defineRoute({
  id: 'catalogue.memory.rules.add',
  method: 'post',
  path: '/api/v1/catalogue/sources/{sourceId}/memory/rules',
  summary: 'Keeps a rule for a source: one that was suggested, as it is or changed, or a person’s own',
  needs: 'catalogue.write',
  params,
  body: z.strictObject({
    ...about,
    state: z.enum(['on', 'off', 'dismissed']).default('on').meta({ description: 'dismissed: it is suggested no more' }),
  }),
  answer: ruleView,
})

export const changeRule = defineRoute({
  id: 'catalogue.memory.rules.change',
  method: 'patch',
  path: '/api/v1/catalogue/sources/{sourceId}/memory/rules/{ruleId}',
  summary: 'Changes a rule, turns it on or off, deletes it or takes that back',
  needs: 'catalogue.write',
  params: params.extend({ ruleId: idOf('rule') }),
  body: z.strictObject({
    attribute: about.attribute.optional(),
    locale: about.locale.optional(),
    term: about.term.optional(),
    use: about.use.optional(),
    on: z.boolean().optional(),
    deleted: z.boolean().optional(),
  }),
  answer: ruleView,
})

export const acceptanceView = z
  .strictObject({
    sourceId: z.uuid(),
    attribute: z.string(),
    model: z.string().nullable(),
    asWritten: z.int().meta({ description: 'A person accepted them as they were' }),
    edited: z.int().meta({ description: 'A person accepted them with another text' }),
    rejected: z.int(),
    waiting: z.int(),
    unseen: z.int().meta({ description: 'Accepted by command or by rule: no person’s word' }),
  })
  .meta({ id: 'Acceptance' })

export const readAcceptance = defineRoute({
  id: 'review.acceptance.read',
  method: 'get',
  path: '/api/v1/review/acceptance',
  summary: 'What people decided on generated values, by source, attribute and model',
  needs: 'catalogue.read',
  query: z.strictObject({
    sourceId: idOf('source').optional(),
    days: countQuery(3_650, 90).meta({ description: 'Values that were made in the last so many days' }),
  }),
  answer: z.strictObject({ since: instant, counts: z.array(acceptanceView) }),
})
