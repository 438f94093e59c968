import type { AttributeRules, AttributeType, StructureOrigin } from '../../contract/structure.ts'
import { foldText } from '../words.ts'

/** A workspace's structure as products are measured by it. */
export interface Structure {
  readonly version: number
  readonly attributes: ReadonlyMap<string, Attribute> // by code
  readonly families: readonly Family[]
  readonly channels: readonly Channel[]
}

export interface Attribute {
  readonly code: string
  readonly type: AttributeType
  readonly localisable: boolean
  readonly scopable: boolean
  readonly rules: AttributeRules
  readonly origin: StructureOrigin // of its type
  /** Codes and labels as `optionKey` gives them; empty: any value will do. */
  readonly options: ReadonlySet<string>
}

export interface Family {
  readonly code: string
  readonly labels: Readonly<Record<string, string>>
  readonly attributes: readonly string[]
  readonly required: Readonly<Record<string, readonly string[]>> // by channel; "*": in every channel
  readonly labelAttribute: string | null
  readonly imageAttribute: string | null
}

export interface Channel {
  readonly code: string
  readonly locales: readonly string[] // BCP 47
  readonly currencies: readonly string[]
}

export const NO_STRUCTURE: Structure = { version: 0, attributes: new Map(), families: [], channels: [] }

/** How an option's code, its label and a product's value are compared: without case, accents and surrounding blanks. */
export const optionKey = (text: string): string => foldText(text).trim()

const familiesByName = new WeakMap<Structure, Map<string, Family>>()

/** The family that a product's own word for it means: its code, else one of its labels. */
export function familyOf(structure: Structure, name: string | null): Family | undefined {
  if (name === null) return undefined
  let known = familiesByName.get(structure)
  if (!known) {
    known = new Map()
    for (const family of structure.families) {
      for (const label of Object.values(family.labels)) if (!known.has(optionKey(label))) known.set(optionKey(label), family)
    }
    for (const family of structure.families) known.set(optionKey(family.code), family) // a code goes before any label
    familiesByName.set(structure, known)
  }
  return known.get(optionKey(name))
}

/** What a family asks for in a channel; null: where there are no channels. */
export function requiredIn(family: Family, channel: string | null, everyChannel = '*'): string[] {
  const own = channel === null ? [] : (family.required[channel] ?? [])
  return [...new Set([...(family.required[everyChannel] ?? []), ...own])]
}
