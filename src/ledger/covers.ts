import { and, eq, inArray } from 'drizzle-orm'
import { CONTEXTS } from '../contract/assignments.ts'
import type { CoversInput, CoversView } from '../contract/budgets.ts'
import type { Database, Tx } from '../db/database.ts'
import { connections, contexts, type Covers, members, virtualKeys } from '../db/schema/index.ts'
import { InvalidRequest } from '../http/problem.ts'
import { namesOf } from './names.ts'

/**
 * What a budget or rate limit is to cover, as it is stored. A thing that nobody has would cover nothing in silence, and is refused;
 * one that it covered before may be gone since. @throws InvalidRequest
 */
export async function checkedCovers(
  tx: Tx,
  { input, before, workspaceId }: { input: CoversInput; before?: Covers | undefined; workspaceId: string },
): Promise<Covers> {
  const isKnown: Record<keyof CoversInput, (added: string[]) => Promise<readonly string[]>> = {
    connectionIds: async (ids) => idsIn(await tx.select({ id: connections.id }).from(connections).where(inArray(connections.id, ids))),
    contexts: async (names) => {
      const own = await tx.select({ id: contexts.context }).from(contexts).where(inArray(contexts.context, names))
      return [...CONTEXTS, ...idsIn(own)]
    },
    memberIds: async (ids) =>
      idsIn(
        await tx
          .select({ id: members.userId })
          .from(members)
          .where(and(eq(members.workspaceId, workspaceId), inArray(members.userId, ids))),
      ),
    virtualKeyIds: async (ids) => idsIn(await tx.select({ id: virtualKeys.id }).from(virtualKeys).where(inArray(virtualKeys.id, ids))),
  }
  const checked: { -readonly [List in keyof Covers]: string[] } = {}
  for (const list of Object.keys(isKnown) as (keyof CoversInput)[]) {
    const given = input[list]
    if (!given) continue
    const added = given.filter((one) => !before?.[list]?.includes(one))
    const known = added.length === 0 ? [] : await isKnown[list](added)
    const at = given.findIndex((one) => added.includes(one) && !known.includes(one))
    if (at >= 0) throw new InvalidRequest([{ path: `body.covers.${list}.${at}`, message: 'is not in this workspace' }])
    checked[list] = [...new Set(given)]
  }
  return checked
}

const idsIn = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id)

/** What budgets or rate limits cover, with the names of things, in their order. Those that are gone have none. */
export async function coversViews(database: Database, workspaceId: string, all: readonly Covers[]): Promise<CoversView[]> {
  const idsOf = (list: keyof Covers): string[] => [...new Set(all.flatMap((covers) => covers[list] ?? []))]
  const actors = idsOf('memberIds').map((id) => `user:${id}`)
  const names = await namesOf(database, workspaceId, { connectionIds: idsOf('connectionIds'), actors })
  const keyIds = idsOf('virtualKeyIds')
  const keys =
    keyIds.length === 0
      ? []
      : await database.inWorkspace(workspaceId, (tx) =>
          tx.select({ id: virtualKeys.id, name: virtualKeys.name }).from(virtualKeys).where(inArray(virtualKeys.id, keyIds)),
        )
  const keyNames = new Map(keys.map(({ id, name }) => [id, name]))
  const named = (ids: readonly string[] | undefined, nameOf: (id: string) => string | undefined) =>
    ids?.map((id) => ({ id, name: nameOf(id) ?? null })) ?? null
  return all.map((covers) => ({
    connections: named(covers.connectionIds, (id) => names.connections.get(id)?.label),
    contexts: covers.contexts ? [...covers.contexts] : null,
    members: named(covers.memberIds, (id) => names.members.get(`user:${id}`)),
    virtualKeys: named(covers.virtualKeyIds, (id) => keyNames.get(id)),
  }))
}
