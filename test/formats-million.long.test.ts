import { createHash } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { currentPlaces } from '../src/catalogue/current.ts'
import { exportSource } from '../src/catalogue/export.ts'
import { importNow } from '../src/catalogue/import-job.ts'
import { mappingsOf } from '../src/catalogue/mappings.ts'
import { keepUpload } from '../src/catalogue/uploads.ts'
import { products } from '../src/db/schema/index.ts'
import { createCatalogueFiles } from './support/catalogue-files.ts'
import { openOnPglite, type TestDatabase } from './support/databases.ts'

const ROWS = 1_000_000
const EVERY = 100_003 // rows of which one is written to
const COLUMNS = ['sku', 'family', 'categories', 'enabled', 'name-en_US', 'name-de_DE', 'price-EUR', 'weight', 'weight-unit']
const ACTOR = 'user:00000000-0000-7000-8000-00000000000a'

/** Row n of the file, from 0; its name is given, since that is what is written to. */
const rowOf = (n: number, name: string): string[] => {
  const weight = n % 2 === 0 ? [`${n % 90}`, 'GRAM'] : ['', '']
  return [`SKU-${n}`, `family ${n % 40}`, `a,b${n % 7}`, '1', name, n % 3 === 0 ? '' : `Lampe „${n}“`, `${n % 500}.50`, ...weight]
}
const nameOf = (n: number): string => `Lamp ${n}`
const isWritten = (n: number): boolean => n % EVERY === 7

const quoted = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : cell
const delimited = (delimiter: string) => ({
  header: `${COLUMNS.join(delimiter)}\n`,
  row: (cells: readonly string[]): string => `${cells.map((cell) => quoted(cell, delimiter)).join(delimiter)}\n`,
})
const KINDS = {
  'million.csv': delimited(','),
  'million.tsv': delimited('\t'),
  'million.jsonl': {
    header: '',
    row: (cells: readonly string[]): string =>
      `{${cells.flatMap((cell, index) => (cell === '' ? [] : [`"${COLUMNS[index]}": ${JSON.stringify(cell)}`])).join(', ')}}\n`,
  },
} as const

/** The file in pieces of a megabyte or so. */
async function* content(kind: keyof typeof KINDS, written: string | undefined): AsyncGenerator<Uint8Array> {
  const { header, row } = KINDS[kind]
  let text = header
  for (let n = 0; n < ROWS; n += 1) {
    text += row(rowOf(n, written !== undefined && isWritten(n) ? written : nameOf(n)))
    if (text.length > 1 << 20) {
      yield Buffer.from(text)
      text = ''
    }
  }
  yield Buffer.from(text)
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

let test: TestDatabase
beforeAll(async () => {
  test = await openOnPglite()
})
afterAll(() => test.destroy())

it.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
  '%s: a million rows come in, are read at their places, and go out byte for byte but for what was written',
  async (name) => {
    const files = createCatalogueFiles(test.database, await test.workspaceId())
    const { services, workspaceId, inside } = files
    const upload = await keepUpload(services, { workspaceId, actor: ACTOR, name, bytes: content(name, undefined) })
    const view = await importNow(services, { workspaceId, actor: ACTOR, fileId: upload.id, reading: {} })
    expect(view).toMatchObject({ state: 'finished', new: ROWS, rejected: 0 })
    const sourceId = view.source.id
    const mapping = (await inside((tx) => mappingsOf(tx, [sourceId]))).get(sourceId)!
    expect(mapping).toMatchObject({ profile: 'akeneo' })
    const exported = async (): Promise<string> =>
      hashOf(
        (await exportSource(services, { workspaceId, actor: ACTOR, sourceId, choices: { origins: false, structured: false } })).content,
      )
    expect(await exported()).toBe(await hashOf(content(name, undefined)))

    for (let n = 7; n < ROWS; n += EVERY) {
      const [product] = await inside((tx) =>
        tx
          .select()
          .from(products)
          .where(and(eq(products.sourceId, sourceId), eq(products.identifier, `SKU-${n}`))),
      )
      const says = new Map(currentPlaces({ ...product!, mapping }).map(({ key, value }) => [key, value]))
      expect(says.get('name@en-US')).toBe(nameOf(n))
      expect(says.get('name@de-DE')).toBe(n % 3 === 0 ? undefined : `Lampe „${n}“`)
      expect(says.get('price@')).toEqual({ EUR: `${n % 500}.50` })
      expect(says.get('weight@')).toEqual(n % 2 === 0 ? { amount: `${n % 90}`, unit: 'GRAM' } : undefined)
      await files.write(product!.id, { attribute: 'name', locale: 'en-US' }, 'A name that a person wrote')
    }
    expect(await exported()).toBe(await hashOf(content(name, 'A name that a person wrote')))
    files.remove()
  },
  3_600_000,
)
