import { asc, inArray } from 'drizzle-orm'
import type { Labels } from '../../contract/structure.ts'
import type { Tx } from '../../db/database.ts'
import { attributeOptions, attributes } from '../../db/schema/index.ts'

/** The options of an attribute that a file or a person named: what a value of it may be, and what that is called in each language. */
export interface OptionList {
  readonly attribute: string // its code
  readonly labels: Labels // of the attribute
  readonly several: boolean // a value may be several of them
  readonly options: readonly { readonly code: string; readonly labels: Labels }[] // in their order
}

/** More say too little each to be looked for in texts. */
const MOST_OPTIONS = 10_000

/**
 * The lists of attributes that `wanted` chooses by code and labels. Options that were inferred from some of the values say nothing of
 * the others: an attribute has a list once somebody named an option of it.
 */
export async function readOptionLists(
  tx: Tx,
  wanted: (attribute: { readonly code: string; readonly labels: Labels }) => boolean,
): Promise<OptionList[]> {
  const found = await tx
    .select({ code: attributes.code, labels: attributes.labels, type: attributes.type })
    .from(attributes)
    .where(inArray(attributes.type, ['select', 'multi_select']))
    .orderBy(asc(attributes.position), asc(attributes.code))
  const chosen = found.filter(wanted)
  if (chosen.length === 0) return []
  const codes = chosen.map(({ code }) => code)
  const rows = await tx
    .select()
    .from(attributeOptions)
    .where(inArray(attributeOptions.attribute, codes))
    .orderBy(asc(attributeOptions.attribute), asc(attributeOptions.position), asc(attributeOptions.code))
  const byAttribute = Map.groupBy(rows, ({ attribute }) => attribute)
  return chosen.flatMap(({ code: attribute, labels, type }): OptionList[] => {
    const own = byAttribute.get(attribute) ?? []
    if (own.length > MOST_OPTIONS || own.every(({ origin, corrected }) => origin === 'inferred' && corrected.length === 0)) return []
    const options = own.map((option) => ({ code: option.code, labels: option.labels }))
    return [{ attribute, labels, several: type === 'multi_select', options }]
  })
}
