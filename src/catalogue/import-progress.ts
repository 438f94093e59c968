import { setTimeout as sleep } from 'node:timers/promises'
import { and, asc, eq, gt } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { ImportView } from '../contract/catalogue.ts'
import type { Database } from '../db/database.ts'
import { importRejections, imports, sources } from '../db/schema/index.ts'
import { labelOf } from './sources.ts'

const LOOK_EVERY_MS = 200

/** @throws AppError import.missing */
export async function readImport(database: Database, workspaceId: string, importId: string): Promise<ImportView> {
  const [found] = await database.inWorkspace(workspaceId, (tx) =>
    tx.select().from(imports).innerJoin(sources, eq(sources.id, imports.sourceId)).where(eq(imports.id, importId)),
  )
  if (!found) throw new AppError('import.missing', 'There is no such import in this workspace.')
  const { id, state, counts, error, startedAt, endedAt } = found.imports
  return {
    id,
    source: { id: found.sources.id, label: labelOf(found.sources) },
    state,
    ...counts,
    error,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  }
}

/** The progress of an import until it ends, wherever it runs: it is read from the database. */
export async function* watchImport(
  database: Database,
  { workspaceId, importId, signal }: { workspaceId: string; importId: string; signal: AbortSignal },
): AsyncGenerator<ImportView> {
  let last = ''
  while (!signal.aborted) {
    const view = await readImport(database, workspaceId, importId)
    const text = JSON.stringify(view)
    if (text !== last) yield view
    last = text
    if (view.state !== 'running') return
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined) // aborted: the loop ends
  }
}

/** A page of the rows that an import left out. @throws AppError import.missing */
export async function rejectedRows(
  database: Database,
  { workspaceId, importId, after, limit }: { workspaceId: string; importId: string; after: number; limit: number },
): Promise<{ items: { line: number; code: string; reason: string }[]; nextCursor: string | null }> {
  await readImport(database, workspaceId, importId)
  const rows = await database.inWorkspace(workspaceId, (tx) =>
    tx
      .select()
      .from(importRejections)
      .where(and(eq(importRejections.importId, importId), gt(importRejections.position, after)))
      .orderBy(asc(importRejections.position))
      .limit(limit + 1),
  )
  const page = rows.slice(0, limit)
  return {
    items: page.map(({ line, code, reason }) => ({ line, code, reason })),
    nextCursor: rows.length > limit ? String(page.at(-1)!.position) : null,
  }
}
