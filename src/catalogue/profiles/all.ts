import type { ColumnMapping, SourceMapping } from '../../contract/mapping.ts'
import { originColumns } from '../origin-marks.ts'
import { akeneo } from './akeneo.ts'
import { googleMerchant } from './google-merchant.ts'
import { openFoodFacts } from './open-food-facts.ts'
import { type FileSample, type ImportProfile, listed, type RowReading } from './profile.ts'
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
  const { own, kept } = divided(file)
  for (const profile of PROFILES) {
    const reason = profile.recognise(own)
    if (reason === undefined) continue
    return { id: profile.id, reason: `${reason}${saidOf(kept)}`, mapping: { profile: profile.id, columns: [...profile.map(own), ...kept] } }
  }
  return {
    id: 'plain',
    reason: `Its columns are those of no known format (${PROFILES.map(({ name }) => name).join(', ')}), so each is an attribute of its own name.${saidOf(kept)}`,
    mapping: withoutMarks(null, file),
  }
}

const saidOf = (kept: readonly ColumnMapping[]): string =>
  kept.length === 0
    ? ''
    : ` Marks of an earlier export (${listed(kept.slice(0, 6).map(({ column }) => column))}) are kept and are no attributes.`

/** A file's own columns, and those that an export by Latchkey added to say whose words values are: they are kept, and no attributes. */
function divided(file: FileSample): { own: FileSample; kept: ColumnMapping[] } {
  const marks = new Set(originColumns(file))
  const own = marks.size === 0 ? file : { ...file, columns: file.columns.filter((column) => !marks.has(column)) }
  return { own, kept: Array.from(marks, (column) => ({ column, role: 'kept' })) }
}

/** A mapping as it is; none becomes one where the file has marks, which are no attributes. */
export function withoutMarks(mapping: SourceMapping | null, file: FileSample): SourceMapping | null {
  if (mapping !== null) return mapping
  const { own, kept } = divided(file)
  return kept.length === 0 ? null : { profile: 'plain', columns: [...plain(own), ...kept] }
}

const plain = ({ columns }: FileSample): ColumnMapping[] => columns.map((column) => ({ column, role: 'attribute' }))

/** A mapping as it was saved, with what the file has gained since: its profile says what that is. */
export function extended(mapping: SourceMapping, file: FileSample): SourceMapping {
  const known = new Set(mapping.columns.map(({ column }) => column))
  const { own, kept } = divided(file)
  const all = [...(PROFILES.find(({ id }) => id === mapping.profile)?.map(own) ?? plain(own)), ...kept]
  const added = all.filter(({ column }) => !known.has(column))
  return added.length === 0 ? mapping : { ...mapping, columns: [...mapping.columns, ...added] }
}

/** How the rows of such a file are read. */
export const readingOfRows = (mapping: SourceMapping | null, file: FileSample): RowReading =>
  PROFILES.find(({ id }) => id === mapping?.profile)?.reading?.(file) ?? {}
