import { inArray } from 'drizzle-orm'
import type { Database, Tx } from '../db/database.ts'
import { apiTokens, connections, runs, users, virtualKeys } from '../db/schema/index.ts'

/** What people call the things that ledger entries name by their ids. A thing that is gone, or has no name, is absent. */
export interface Names {
  readonly connections: ReadonlyMap<string, { readonly label: string; readonly provider: string }>
  /** By "user:<id>" and "token:<id>". */
  readonly members: ReadonlyMap<string, string>
  /** By "run:<id>" and "virtual-key:<id>"; revoked keys keep their names. */
  readonly origins: ReadonlyMap<string, { readonly name: string | null; readonly startedAt: Date }>
}

/** What is to be named; all of it stands in the workspace's own ledger. */
export interface Nameless {
  readonly connectionIds?: readonly string[]
  readonly actors?: readonly string[]
  readonly origins?: readonly string[]
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export async function namesOf(
  database: Database,
  workspaceId: string,
  { connectionIds = [], actors = [], origins = [] }: Nameless,
): Promise<Names> {
  const tokenIds = idsOf('token', actors)
  const runIds = idsOf('run', origins)
  const keyIds = idsOf('virtual-key', origins)
  const own = await database.inWorkspace(workspaceId, async (tx) => ({
    connections: await connectionNames(tx, [...new Set(connectionIds)]),
    tokens:
      tokenIds.length === 0
        ? []
        : await tx
            .select({ id: apiTokens.id, name: apiTokens.name, userId: apiTokens.userId })
            .from(apiTokens)
            .where(inArray(apiTokens.id, tokenIds)),
    runs:
      runIds.length === 0
        ? []
        : await tx.select({ id: runs.id, settings: runs.settings, createdAt: runs.createdAt }).from(runs).where(inArray(runs.id, runIds)),
    keys:
      keyIds.length === 0
        ? []
        : await tx
            .select({ id: virtualKeys.id, name: virtualKeys.name, createdAt: virtualKeys.createdAt })
            .from(virtualKeys)
            .where(inArray(virtualKeys.id, keyIds)),
  }))
  const people = await personNames(database, [...new Set([...idsOf('user', actors), ...own.tokens.map(({ userId }) => userId)])])
  const members = new Map([...people].map(([id, name]) => [`user:${id}`, name]))
  for (const { id, name, userId } of own.tokens) {
    const person = people.get(userId)
    members.set(`token:${id}`, person === undefined ? name : `${name} (${person})`)
  }
  const named = [
    ...own.runs.map(({ id, settings, createdAt }) => [`run:${id}`, { name: recipeName(settings), startedAt: createdAt }] as const),
    ...own.keys.map(({ id, name, createdAt }) => [`virtual-key:${id}`, { name, startedAt: createdAt }] as const),
  ]
  return { connections: new Map(own.connections.map((row) => [row.id, row])), members, origins: new Map(named) }
}

/** Connections keep their rows for this, deleted ones too. */
async function connectionNames(tx: Tx, ids: readonly string[]): Promise<{ id: string; label: string; provider: string }[]> {
  if (ids.length === 0) return []
  return tx
    .select({ id: connections.id, label: connections.label, provider: connections.provider })
    .from(connections)
    .where(inArray(connections.id, [...ids]))
}

async function personNames(database: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await database.asSystem('members are people of the whole installation', (tx) =>
    tx
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(inArray(users.id, [...ids])),
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function idsOf(kind: string, keys: readonly string[]): string[] {
  const ids = keys.filter((key) => key.startsWith(`${kind}:`)).map((key) => key.slice(kind.length + 1))
  return [...new Set(ids.filter((id) => UUID.test(id)))]
}

const recipeName = ({ recipeName: name }: Readonly<Record<string, unknown>>): string | null =>
  typeof name === 'string' && name !== '' ? name : null
