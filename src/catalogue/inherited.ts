import type { Tx } from '../db/database.ts'
import { isEmptyValue } from './current.ts'
import { shownAt } from './mapping.ts'
import { withParents } from './parents.ts'
import { currentValue, type ParentProduct, type Place } from './values.ts'

/** What a variant has from the product that it is a variant of. */
export interface Inherited {
  readonly value: unknown
  readonly from: { readonly id: string; readonly identifier: string }
}

/** A variant that says nothing at a place. */
export interface Lacking {
  readonly id: string // whatever it is known by
  readonly parentId: string
  readonly place: Place
}

/** What variants have from their parents, and from those', at places where they say nothing themselves; by `id`. */
export async function inheritedValues(tx: Tx, lacking: readonly Lacking[]): Promise<ReadonlyMap<string, Inherited>> {
  if (lacking.length === 0) return new Map()
  const variants = await withParents(
    tx,
    lacking.map((each) => ({ ...each, imported: {}, written: {}, mapping: null, parents: NOBODY })),
  )
  return new Map(
    variants.flatMap(({ id, place, parents }) => {
      const found = firstThatSays(parents, place)
      return found ? [[id, found] as const] : []
    }),
  )
}

const NOBODY: readonly ParentProduct[] = []

function firstThatSays(parents: readonly ParentProduct[], place: Place): Inherited | undefined {
  for (const parent of parents) {
    const { id, identifier, mapping } = parent
    const { value } = currentValue(parent, place)
    const isGiven = mapping === null || shownAt(mapping, place).every(({ at }) => at.isInherited)
    if (isGiven && !isEmptyValue(value)) return { value, from: { id, identifier } }
  }
  return undefined
}
