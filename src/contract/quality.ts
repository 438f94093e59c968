import { z } from 'zod'

/** What a product's quality score is made of, with each part's weight; parts that do not apply to a product count for nothing. */
export const QUALITY_WEIGHTS = {
  title: 15,
  description: 20,
  picture: 15,
  required: 20,
  fitting: 10,
  identifier: 5,
  locales: 5,
  capitals: 5,
  placeholders: 5,
  review: 5,
} as const
export type QualityPartName = keyof typeof QUALITY_WEIGHTS

/** What was found of a part: each has its sentence on the page, with what to do. */
export const QUALITY_FINDINGS = [
  ['good'] as const,
  ['title_missing', 'title_short', 'title_long', 'title_form'] as const,
  ['description_missing', 'description_short'] as const,
  ['picture_missing'] as const,
  ['required_missing'] as const,
  ['misfits'] as const,
  ['identifier_missing', 'identifier_wrong'] as const,
  ['locales_missing'] as const,
  ['capitals'] as const,
  ['placeholders'] as const,
  ['flagged_waiting'] as const,
].flat()
export type QualityFinding = (typeof QUALITY_FINDINGS)[number]

const qualityPart = z
  .strictObject({
    part: z.enum(Object.keys(QUALITY_WEIGHTS) as [QualityPartName, ...QualityPartName[]]),
    weight: z.int().meta({ description: 'Of all parts that apply' }),
    share: z.number().meta({ description: 'How much of it is there, 0 to 1' }),
    finding: z.enum(QUALITY_FINDINGS),
    count: z.int().meta({ description: 'Words, characters or values that the finding speaks of' }),
    names: z.array(z.string()).meta({ description: 'Attributes or locales that it speaks of, the first 10' }),
  })
  .meta({ id: 'QualityPart' })

export const quality = z
  .strictObject({ score: z.int().meta({ description: '0 to 100' }), parts: z.array(qualityPart) })
  .meta({ id: 'Quality' })
export type Quality = z.output<typeof quality>
export type QualityPart = z.output<typeof qualityPart>
