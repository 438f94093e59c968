import { asc, inArray, sql } from 'drizzle-orm'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectFormat } from '../../src/catalogue/formats/detect.ts'
import { importFile } from '../../src/catalogue/import.ts'
import { refreshCatalogueIndex } from '../../src/catalogue/index.ts'
import { countIndexed } from '../../src/catalogue/postings/segments.ts'
import type { Database } from '../../src/db/database.ts'
import { productIndex, workspaces } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import { explaining, scannedTables } from '../../test/support/plans.ts'
import { writeCatalogue } from './catalogue.ts'
import { categoryOfRow, proposeSome, type Question, questionsOf } from '../../test/support/catalogue-questions.ts'

/** Tables with a row, or more, for each product. Those of marks are empty once the index has caught up. */
const GROWING = ['products', 'product_index', 'index_pages', 'value_changes']
const SAMPLE_EVERY_MS = 100
const PRODUCTS_ASKED_FOR = 211
const SMALL = 50_000
const WARM_UP = 3 // rounds that are not measured

export interface Made {
  readonly workspaceId: string
  readonly source: string // what the products are
  readonly idleMb: number
  readonly importMs: number
  readonly importPeakMb: number // over idle
  readonly indexMs: number
  readonly indexPeakMb: number
}

/** Fills a fresh database with a file of `products` rows, imported and indexed; a hundredth of them gets proposals. */
export async function makeCatalogue(database: Database, products: number): Promise<Made> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-file-'))
  try {
    const workspaceId = newId()
    await database.asSystem('a workspace to measure in', (tx) =>
      tx.insert(workspaces).values({ id: workspaceId, name: 'Bench', slug: workspaceId }),
    )
    const path = join(folder, 'catalogue.csv')
    const { source } = await writeCatalogue({ path, products, more: { column: 'category path', at: categoryOfRow } })
    const format = await detectFormat(path)
    await importSmall(database, { workspaceId, folder })
    const idleMb = residentMb()
    const imported = await watched(() => importFile({ database, workspaceId, path, format }))
    const indexed = await watched(() => refreshCatalogueIndex(database, workspaceId))
    await proposeSome(database, workspaceId)
    return {
      workspaceId,
      source,
      idleMb,
      importMs: imported.ms,
      importPeakMb: imported.peakMb - idleMb,
      indexMs: indexed.ms,
      indexPeakMb: indexed.peakMb - idleMb,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What any import loads and compiles is not counted as the memory of a large one. */
async function importSmall(database: Database, { workspaceId, folder }: { workspaceId: string; folder: string }): Promise<void> {
  const path = join(folder, 'first.csv')
  await writeCatalogue({ path, products: 1_000 })
  await importFile({ database, workspaceId, path, format: await detectFormat(path) })
  await refreshCatalogueIndex(database, workspaceId)
}

const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20

async function watched(work: () => Promise<unknown>): Promise<{ ms: number; peakMb: number }> {
  let peakMb = residentMb()
  const timer = setInterval(() => (peakMb = Math.max(peakMb, residentMb())), SAMPLE_EVERY_MS)
  const started = performance.now()
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { ms: performance.now() - started, peakMb: Math.max(peakMb, residentMb()) }
}

export interface Answer {
  readonly name: string
  readonly leastMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly scanned: readonly string[] // growing tables that a statement of it reads from end to end
}

/** A catalogue that questions are asked of. */
export interface Asked {
  readonly database: Database
  readonly workspaceId: string
  readonly products: number
}

/**
 * Asks every question of every catalogue so many times, each time about other products, and in turns, so that whatever else the
 * machine does befalls them alike. The plans of its statements are looked at once.
 */
export async function measureQuestions(catalogues: readonly Asked[], rounds: number): Promise<Answer[][]> {
  const asked: { catalogue: Asked; questions: Question[]; answers: Answer[] }[] = []
  for (const catalogue of catalogues) asked.push({ catalogue, questions: questionsOf(await someRows(catalogue)), answers: [] })
  for (const place of asked[0]!.questions.keys()) {
    const times: number[][] = asked.map(() => [])
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (const [which, { catalogue, questions }] of asked.entries()) {
        const started = performance.now()
        await catalogue.database.inWorkspace(catalogue.workspaceId, (tx) => questions[place]!.ask(tx, round + WARM_UP))
        if (round >= 0) times[which]!.push(performance.now() - started)
      }
    }
    for (const [which, { catalogue, questions, answers }] of asked.entries()) {
      const { name } = questions[place]!
      const sorted = times[which]!.toSorted((one, other) => one - other)
      answers.push({
        name,
        leastMs: sorted[0]!,
        p50Ms: sorted[Math.floor(rounds / 2)]!,
        p95Ms: sorted[Math.ceil(rounds * 0.95) - 1]!,
        scanned: await scannedBy(catalogue, questions[place]!),
      })
    }
  }
  return asked.map(({ answers }) => answers)
}

/** Products from the whole of a catalogue, for questions to be about. */
const someRows = ({ database, workspaceId }: Asked): Promise<(typeof productIndex.$inferSelect)[]> =>
  database.inWorkspace(workspaceId, async (tx) => {
    const step = (await countIndexed(tx)) / PRODUCTS_ASKED_FOR
    const ordinals = Array.from({ length: PRODUCTS_ASKED_FOR }, (_, place) => Math.floor(place * step))
    return tx.select().from(productIndex).where(inArray(productIndex.ordinal, ordinals)).orderBy(asc(productIndex.ordinal))
  })

/** A small table is read from end to end with good reason: there the question is only whether another way is open. */
async function scannedBy({ database, workspaceId, products }: Asked, { ask }: Question): Promise<string[]> {
  const { explained } = await explaining(database, workspaceId, {
    work: (tx) => ask(tx, 0),
    ...(products < SMALL && { before: (tx) => tx.execute(sql`set local enable_seqscan = off`) }),
  })
  const scanned = explained.flatMap(({ plan }) => scannedTables(plan)).filter((table) => GROWING.includes(table))
  return [...new Set(scanned)]
}
