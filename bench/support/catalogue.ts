import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse'

/** The catalogue of a benchmark: real products from ../shared, or made ones of the same shape where that is absent. */
export interface Catalogue {
  readonly path: string
  readonly products: number
  readonly source: string // for the report
}

const REAL = fileURLToPath(new URL('../../../shared/data/icecat/products-10k.csv', import.meta.url))

export const hasRealProducts = existsSync(REAL)

/**
 * Writes a CSV file of `products` rows: the first of the 10,000 real ones, all of them again and again, or made ones. `more`: a
 * column beside theirs, with what it says in a row.
 */
export async function writeCatalogue({
  path,
  products,
  more,
}: {
  path: string
  products: number
  more?: { readonly column: string; readonly at: (row: number) => string }
}): Promise<Catalogue> {
  const out = createWriteStream(path)
  const write = async (line: string): Promise<void> => {
    if (!out.write(line)) await once(out, 'drain')
  }
  let written = 0
  while (written < products) {
    const round = Math.floor(written / 10_000)
    const rows: AsyncIterable<string[]> = hasRealProducts ? realRows() : madeRows()
    let isHeader = true
    for await (const row of rows) {
      if (isHeader && written > 0) {
        isHeader = false
        continue
      }
      if (!isHeader && round > 0) [row[0], row[3]] = [`${row[0]}-${round}`, `${row[3]} Rev${round}`]
      if (more) row.push(isHeader ? more.column : more.at(written))
      await write(`${row.map(toCell).join(',')}\r\n`)
      if (!isHeader) written += 1
      isHeader = false
      if (written === products) break
    }
  }
  out.end()
  await once(out, 'finish')
  const again = products > 10_000 ? ', repeated under identifiers and titles of their own' : ''
  return { path, products, source: hasRealProducts ? `real Icecat products${again}` : `made products${again}` }
}

const realRows = (): AsyncIterable<string[]> => createReadStream(REAL).pipe(parse({ relax_column_count: true })) as AsyncIterable<string[]>

const toCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const BRANDS = ['Alder', 'Birke', 'Cedrus', 'Dogwood', 'Elm & Sons', 'Fir']
const KINDS = ['Network cable', 'Toner cartridge', 'Notebook', 'Wall mount', 'Keyboard', 'Power adapter', 'Headset', 'Memory card']
const COLOURS = ['Black', 'White', 'Grey', 'Blue', 'Red']
const WORDS = 'with for fast quiet durable compact shielded wireless ergonomic office original high yield long life slim'.split(' ')
const ATTRIBUTES = 40

/** 10,000 products with the lengths that Icecat's have: 17 filled cells of 46, about 320 characters. The same at every call. */
async function* madeRows(): AsyncGenerator<string[]> {
  yield ['sku', 'mpn', 'ean', 'title', 'brand', 'short_description', ...Array.from({ length: ATTRIBUTES }, (_, i) => `property_${i + 1}`)]
  const random = mulberry32(20_261_120)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const words = (count: number): string => Array.from({ length: count }, () => pick(WORDS)).join(' ')
  for (let row = 0; row < 10_000; row += 1) {
    const brand = pick(BRANDS)
    const model = `${String.fromCharCode(65 + (row % 26))}${1_000 + row}`
    const kind = pick(KINDS)
    const properties = Array.from({ length: ATTRIBUTES }, (_, i) => {
      if (random() > 11 / ATTRIBUTES) return ''
      return i % 3 === 0 ? String(Math.floor(random() * 900)) : i % 3 === 1 ? pick(COLOURS) : `${words(2)} ${Math.floor(random() * 50)}`
    })
    const title = `${brand} ${model} ${kind}, ${pick(COLOURS)}, ${words(4)}`
    const description = `${kind} ${model} by ${brand}, ${words(14)}, ${Math.floor(random() * 500)} g`
    yield [String(3_000_000 + row * 7), model, String(4_000_000_000_000 + row * 13), title, brand, description, ...properties]
  }
}

/** A small generator of numbers from 0 to 1 with a seed (mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
