import { asc, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { attributeOptions, attributes, channels, families, sources, structures } from '../../db/schema/index.ts'
import { type Attribute, NO_STRUCTURE, optionKey, type Structure } from './model.ts'

const MOST_REMEMBERED = 16
/** By workspace and version: measuring a million products reads a structure of thousands of attributes once. */
const remembered = new Map<string, { readonly version: number; readonly structure: Structure }>()

/** A workspace's structure as it stands in this transaction. */
export async function loadStructure(tx: Tx): Promise<Structure> {
  const [whole] = await tx.select().from(structures)
  if (!whole) return NO_STRUCTURE
  const known = remembered.get(whole.workspaceId)
  if (known?.version === whole.version) return known.structure
  const structure = await readStructure(tx, whole.version)
  remembered.delete(whole.workspaceId)
  remembered.set(whole.workspaceId, { version: whole.version, structure })
  for (const oldest of remembered.keys()) {
    if (remembered.size <= MOST_REMEMBERED) break
    remembered.delete(oldest)
  }
  return structure
}

async function readStructure(tx: Tx, version: number): Promise<Structure> {
  const defined = await tx.select().from(attributes)
  const optionsOf = Map.groupBy(await tx.select().from(attributeOptions), ({ attribute }) => attribute)
  const foundFamilies = await tx.select().from(families).orderBy(asc(families.position), asc(families.code))
  const foundChannels = await tx.select().from(channels).orderBy(asc(channels.position), asc(channels.code))
  return {
    version,
    attributes: new Map(
      defined.map(({ code, type, localisable, scopable, rules, corrected, ...more }): [string, Attribute] => {
        const origin = more.origin === 'inferred' && corrected.includes('type') ? 'person' : more.origin
        const all = optionsOf.get(code) ?? []
        // What was inferred from some of the values says nothing of the others: any value will do until someone names an option.
        const named = all.some((option) => option.origin !== 'inferred') ? all : []
        const keys = named.flatMap((option) => [option.code, ...Object.values(option.labels)].map(optionKey))
        return [code, { code, type, localisable, scopable, rules, origin, options: new Set(keys) }]
      }),
    ),
    families: foundFamilies.map(({ code, labels, attributes: own, required, labelAttribute, imageAttribute }) => ({
      code,
      labels,
      attributes: own,
      required,
      labelAttribute,
      imageAttribute,
    })),
    channels: foundChannels.map(({ code, locales, currencies }) => ({ code, locales, currencies })),
  }
}

/**
 * To be called in the transaction of every change of a structure: the next reader sees it anew. `measures`: what products are
 * measured by has changed, so that all of them are looked at again, in the background.
 */
export async function structureChanged(tx: Tx, workspaceId: string, { measures }: { measures: boolean }): Promise<void> {
  await tx
    .insert(structures)
    .values({ workspaceId, version: 1 })
    .onConflictDoUpdate({ target: structures.workspaceId, set: { version: sql`${structures.version} + 1` } })
  if (measures) await tx.update(sources).set({ indexImport: null }).where(eq(sources.workspaceId, workspaceId))
}
