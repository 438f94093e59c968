import type { SourceMapping } from '../../contract/mapping.ts'
import { akeneo } from './akeneo.ts'
import { googleMerchant } from './google-merchant.ts'
import { openFoodFacts } from './open-food-facts.ts'
import type { FileSample, ImportProfile, RowReading } from './profile.ts'
import { shopify } from './shopify.ts'

/** Asked in this order. */
const PROFILES: readonly ImportProfile[] = [akeneo, shopify, googleMerchant, openFoodFacts]

export interface FoundProfile {
  readonly id: SourceMapping['profile']
  readonly reason: string
  /** null: every column is an attribute of its own name. */
  readonly mapping: SourceMapping | null
}

/** Which format's columns a file has, and what they mean. */
export function findProfile(file: FileSample): FoundProfile {
  for (const profile of PROFILES) {
    const reason = profile.recognise(file)
    if (reason !== undefined) return { id: profile.id, reason, mapping: { profile: profile.id, columns: profile.map(file) } }
  }
  return {
    id: 'plain',
    reason: `Its columns are those of no known format (${PROFILES.map(({ name }) => name).join(', ')}), so each is an attribute of its own name.`,
    mapping: null,
  }
}

/** A mapping as it was saved, with what the file has gained since: its profile says what that is. */
export function extended(mapping: SourceMapping, file: FileSample): SourceMapping {
  const known = new Set(mapping.columns.map(({ column }) => column))
  const own =
    PROFILES.find(({ id }) => id === mapping.profile)?.map(file) ?? file.columns.map((column) => ({ column, role: 'attribute' as const }))
  const added = own.filter(({ column }) => !known.has(column))
  return added.length === 0 ? mapping : { ...mapping, columns: [...mapping.columns, ...added] }
}

/** How the rows of such a file are read. */
export const readingOfRows = (mapping: SourceMapping | null, file: FileSample): RowReading =>
  PROFILES.find(({ id }) => id === mapping?.profile)?.reading?.(file) ?? {}
