import { and, asc, count, eq, gt } from 'drizzle-orm'
import { canonicalJson } from '../base/json.ts'
import type { ImportChangesView, ReadingChoices } from '../contract/catalogue.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Tx } from '../db/database.ts'
import { products } from '../db/schema/index.ts'
import { createSeenSet } from './formats/seen.ts'
import { type ProductRow, readRows } from './formats/read.ts'
import { withoutOwnWriting } from './import.ts'
import { newsFor } from './import-news.ts'
import { namingFile, shownText } from './look.ts'
import { placesOfImport } from './mapping.ts'
import type { Place } from './place.ts'
import { type Source, sourceAt, uploadLocation } from './sources.ts'
import { type Understood, understand } from './understand.ts'
import { type CatalogueServices, readUpload, type Upload } from './uploads.ts'
import { type WrittenProduct, writtenProducts } from './written.ts'

/** What an import would do, found out by reading the file and the products it meets; nothing is written. */

const BATCH = 500 // rows a transaction
const SAID_EVERY_MS = 300
const EXAMPLES = 3 // of each change
const LISTED = 10 // new, gone, conflicts, rejected rows
const MOST_ATTRIBUTES = 200
const PAGE = 5_000

type Changes = Omit<ImportChangesView, 'state' | 'attributes' | 'gone'>
type AttributeChanges = ImportChangesView['attributes'][number]

export interface PreviewOrder {
  readonly workspaceId: string
  readonly fileId: string
  readonly sourceId?: string | undefined
  readonly reading: ReadingChoices
  readonly mapping?: SourceMapping | null | undefined
  readonly signal: AbortSignal
}

/**
 * What importing an upload would change, told again and again while the file is read, whole at the end. Flat in memory, but for
 * twelve bytes a product. Whoever stops listening ends it.
 * @throws AppError file.missing, source.missing, request.invalid, and what reading the file throws
 */
export async function changesOfImport(services: CatalogueServices, order: PreviewOrder): Promise<AsyncGenerator<ImportChangesView>> {
  const { workspaceId, fileId, sourceId, reading } = order
  const upload = await readUpload(services, workspaceId, fileId)
  const location = sourceId === undefined ? uploadLocation(upload.name) : undefined
  const source = await services.database.inWorkspace(workspaceId, (tx) => sourceAt(tx, { location, sourceId }))
  return told(services, { order, upload, source, understood: await understand(upload, { reading, source, mapping: order.mapping }) })
}

async function* told(
  services: CatalogueServices,
  {
    order: { workspaceId, signal },
    upload,
    source,
    understood: { format, mapping },
  }: { order: PreviewOrder; upload: Upload & { path: string }; source: Source | undefined; understood: Understood },
): AsyncGenerator<ImportChangesView> {
  const { database, clock } = services
  const tally = createTally(mapping, upload.bytes)
  const meet = async (rows: readonly ProductRow[]): Promise<void> => {
    tally.meet(
      source ? await database.inWorkspace(workspaceId, (tx) => meetKnown(tx, { source, mapping, rows })) : { rows, products: new Map() },
    )
  }
  let saidMs = clock.now().getTime()
  let batch: ProductRow[] = []
  const read = readRows(upload.path, format, { signal, onRead: (bytes) => tally.read(bytes) })
  for (let next = await namingFile(upload, () => read.next()); !next.done; next = await namingFile(upload, () => read.next())) {
    for (const row of next.value) {
      if ('reason' in row) tally.reject(row)
      else batch.push(row)
    }
    if (batch.length >= BATCH) {
      await meet(batch)
      batch = []
    }
    if (clock.now().getTime() - saidMs >= SAID_EVERY_MS) {
      yield tally.view('running', null)
      saidMs = clock.now().getTime()
    }
  }
  if (batch.length > 0) await meet(batch)
  const gone = source ? await database.inWorkspace(workspaceId, (tx) => goneFrom(tx, source, tally)) : 0
  const goneExamples = source && gone > 0 ? await listGone(services, { workspaceId, source, tally }) : []
  yield { ...tally.view('finished', gone), goneExamples }
}

interface Met {
  readonly rows: readonly ProductRow[]
  readonly products: ReadonlyMap<string, WrittenProduct>
}

/** Rows as they would be imported, with the products that they meet. */
async function meetKnown(
  tx: Tx,
  { source, mapping, rows }: { source: Source; mapping: SourceMapping | null; rows: readonly ProductRow[] },
): Promise<Met> {
  const known = await writtenProducts(tx, { sourceId: source.id, identifiers: rows.map(({ identifier }) => identifier) })
  return { rows: await withoutOwnWriting(tx, { mapping, known, rows }), products: known }
}

/** Adds up what rows change. */
function createTally(mapping: SourceMapping | null, bytes: number) {
  const seen = createSeenSet()
  const attributes = new Map<string, { -readonly [Key in keyof AttributeChanges]: AttributeChanges[Key] }>()
  const lastSeen = new Map<string, number>() // how many of the products met were of which import
  const changes: { -readonly [Key in keyof Changes]: Changes[Key] } = {
    bytes,
    bytesRead: 0,
    read: 0,
    new: 0,
    changed: 0,
    unchanged: 0,
    rejected: 0,
    newExamples: [],
    goneExamples: [],
    conflicts: { count: 0, examples: [] },
    rejections: [],
  }

  function note(
    identifier: string,
    { attribute, locale, channel }: Place,
    key: string,
    { before, after }: { before: unknown; after: unknown },
  ) {
    const entry = attributes.get(key) ?? { attribute, locale, channel, filled: 0, changed: 0, emptied: 0, examples: [] }
    attributes.set(key, entry)
    entry[before === undefined ? 'filled' : after === undefined ? 'emptied' : 'changed'] += 1
    if (entry.examples.length < EXAMPLES) entry.examples.push({ identifier, before: shownText(before), after: shownText(after) })
  }

  function compare(row: ProductRow, known: WrittenProduct): void {
    if (canonicalJson(row.values) === canonicalJson(known.imported)) {
      changes.unchanged += 1
      return
    }
    changes.changed += 1
    const before = new Map(placesOfImport(mapping, known.imported).map((each) => [each.key, each]))
    for (const { key, place, value } of placesOfImport(mapping, row.values)) {
      const was = before.get(key)
      before.delete(key)
      if (!was || canonicalJson(was.value) !== canonicalJson(value)) note(row.identifier, place, key, { before: was?.value, after: value })
    }
    for (const [key, { place, value }] of before) note(row.identifier, place, key, { before: value, after: undefined })
  }

  return {
    seen,
    lastSeen,
    read(bytesRead: number): void {
      changes.bytesRead = bytesRead
    },
    reject({ line, reason }: { line: number; reason: { text: string } }): void {
      changes.rejected += 1
      if (changes.rejections.length < LISTED) changes.rejections.push({ line, reason: reason.text })
    },
    meet({ rows, products: known }: Met): void {
      for (const row of rows) {
        changes.read += 1
        seen.add(row.identifier, 1)
        const product = known.get(row.identifier)
        if (product) {
          lastSeen.set(product.lastSeenImport, (lastSeen.get(product.lastSeenImport) ?? 0) + 1)
          compare(row, product)
        } else {
          changes.new += 1
          if (changes.newExamples.length < LISTED) changes.newExamples.push(row.identifier)
        }
      }
      for (const { attribute, locale, channel, identifier, value, written } of newsFor({ mapping, known, rows })) {
        changes.conflicts.count += 1
        if (changes.conflicts.examples.length >= LISTED) continue
        changes.conflicts.examples.push({ identifier, attribute, locale, channel, written: shownText(written), imported: shownText(value) })
      }
    },
    view(state: ImportChangesView['state'], gone: number | null): ImportChangesView {
      const sum = ({ filled, changed, emptied }: AttributeChanges): number => filled + changed + emptied
      const most = [...attributes.values()].sort((a, b) => sum(b) - sum(a)).slice(0, MOST_ATTRIBUTES)
      const bytesRead = state === 'finished' ? bytes : changes.bytesRead
      return structuredClone({ ...changes, bytesRead, state, gone, attributes: most })
    },
  }
}

type Tally = ReturnType<typeof createTally>

/** Products of the last import that the file did not bring: each identifier of a file counts once. */
async function goneFrom(tx: Tx, { id, lastImport }: Source, { lastSeen }: Tally): Promise<number> {
  const [had] = await tx
    .select({ count: count() })
    .from(products)
    .where(and(eq(products.sourceId, id), eq(products.lastSeenImport, lastImport)))
  return had!.count - (lastSeen.get(lastImport) ?? 0)
}

async function listGone(
  { database }: CatalogueServices,
  { workspaceId, source, tally }: { workspaceId: string; source: Source; tally: Tally },
): Promise<string[]> {
  const gone: string[] = []
  for (let after = 0; gone.length < LISTED;) {
    const page = await database.inWorkspace(workspaceId, (tx) =>
      tx
        .select({ identifier: products.identifier, row: products.row })
        .from(products)
        .where(and(eq(products.sourceId, source.id), eq(products.lastSeenImport, source.lastImport), gt(products.row, after)))
        .orderBy(asc(products.row))
        .limit(PAGE),
    )
    gone.push(...page.filter(({ identifier }) => tally.seen.lineOf(identifier) === 0).map(({ identifier }) => identifier))
    if (page.length < PAGE) break
    after = page.at(-1)!.row
  }
  return gone.slice(0, LISTED)
}
