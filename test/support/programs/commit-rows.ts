import { writeSync } from 'node:fs'
import { openDatabase } from '../../../src/db/open.ts'
import { budgets } from '../../../src/db/schema/index.ts'
import { newId } from '../../../src/runtime/ids.ts'

/**
 * Commits pairs of rows, several at a time, and prints the ids of each pair once its commit was acknowledged; until it is
 * killed, or for `pairs` of them. An error is printed as "error <code>" and ends it.
 */
const [dataDir, workspaceId, pairs = 'Infinity'] = process.argv.slice(2) as [string, string, string?]
const database = await openDatabase({ dataDir, databaseUrl: undefined, log: { debug: () => undefined, warn: () => undefined } })
writeSync(1, 'open\n')
let left = Number(pairs)
const one = async (): Promise<void> => {
  const ids = [newId(), newId()]
  await database.inWorkspace(workspaceId, async (tx) => {
    for (const id of ids) await tx.insert(budgets).values({ id, workspaceId, scope: ids[0]!, currency: 'USD' })
  })
  writeSync(1, `${ids.join(' ')}\n`)
}
try {
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) await one()
    }),
  )
  await database.close()
  writeSync(1, 'closed\n')
} catch (error) {
  writeSync(1, `error ${(error as { code?: string }).code}\n`)
}
