import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, makeInstallation } from './support/installation.ts'
import { describeShared, sharedPath } from './support/shared.ts'

const PRACTICE = ['--provider', 'practice', '--model', 'practice-1']
const FIELDS = ['--fields', 'title,description,attributes']
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n')

describeShared("other people's files through the practice provider", () => {
  let installation: Installation
  let out: string
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'postgres' })
    out = installation.home.file('out')
  })
  afterAll(() => installation?.remove())

  it('2,000 products as JSONL: every line stays one, and only the written properties differ', async () => {
    const file = sharedPath('data/icecat/products-2k-full.jsonl')
    const { report, code } = await installation.enrich([
      file,
      '--out',
      out,
      ...PRACTICE,
      ...FIELDS,
      '--per-call',
      '20',
      '--concurrency',
      '16',
    ])
    expect(report).toMatchObject({ products: 2_000, succeeded: 2_000, failed: 0, calls: 100 })
    expect(code).toBe(0)
    const [before, after] = [linesOf(file), linesOf(out)]
    expect(after).toHaveLength(before.length)
    const written = new Set(['title', 'description', 'attributes'])
    const rest = (line: string): string => JSON.stringify(Object.entries(JSON.parse(line) as object).filter(([name]) => !written.has(name)))
    for (const [index, line] of before.entries()) {
      if (line === '') expect(after[index]).toBe('')
      else expect([index, rest(after[index]!)]).toEqual([index, rest(line)])
    }
    expect(JSON.parse(after[0]!)).toMatchObject({
      id: '3920564',
      description: expect.stringContaining('Xerox') as string,
      attributes: expect.anything() as unknown,
    })
  })

  it('an Akeneo export: semicolons, locale columns, texts in three languages', async () => {
    const file = sharedPath('data/akeneo/products.csv')
    const { report, code, stderr } = await installation.enrich([
      file,
      '--out',
      out,
      ...PRACTICE,
      '--recipe',
      'recipes/german-shop.yaml',
      '--limit',
      '12',
    ])
    expect(report, stderr).toMatchObject({ products: 12, failed: 0, waiting: 0, rejected: [] })
    expect(code).toBe(0)
    const read = (path: string): Record<string, string>[] =>
      parse(readFileSync(path), { columns: true, delimiter: ';', bom: true, relax_quotes: true })
    const [before, after] = [read(file), read(out)]
    expect(after).toHaveLength(before.length)
    expect(Object.keys(after[0]!)).toEqual(expect.arrayContaining([...Object.keys(before[0]!), 'title_de', 'description_de', 'filters_de']))
    for (const [index, row] of before.entries()) expect(after[index]).toMatchObject(row)
    expect(after.filter((row) => row['description_de'] !== '').length).toBeGreaterThan(0)
    expect(after.slice(12).every((row) => row['title_de'] === '')).toBe(true)
    expect(await installation.rows(sql`select distinct locale from value_changes where attribute = 'title_de'`)).toEqual([{ locale: 'de' }])
  })

  it('a Shopify export: rows that share a handle are one product, which the command says; the others are copied', async () => {
    const file = sharedPath('data/shopify/apparel.csv')
    const args = ['enrich', file, '--out', out, ...PRACTICE, '--recipe', 'recipes/search-listing.json']
    const { stdout, stderr, code } = await installation.run([...args, '--yes'])
    const [before, after] = [file, out].map((path) => parse(readFileSync(path), { columns: true }) as unknown as Record<string, string>[])
    const handles = new Set(before!.map((row) => row['Handle']))
    expect(handles.size).toBeLessThan(before!.length)
    expect(stdout).toContain(`products   ${handles.size}: ${handles.size} succeeded`)
    expect(stderr).toContain('are variants or images of the product before them')
    expect(code).toBe(0)
    expect(after).toHaveLength(before!.length)
    for (const [index, row] of before!.entries()) expect(after![index]).toMatchObject(row)
    expect(after!.filter((row) => row['meta_title'] !== '')).toHaveLength(handles.size)
  })

  it('the example recipe for office supplies, five products a call, in another language', async () => {
    const file = sharedPath('data/icecat/products-10k.csv')
    const { report, code } = await installation.enrich([
      file,
      '--out',
      out,
      ...PRACTICE,
      '--recipe',
      'recipes/office-supplies.yaml',
      '--limit',
      '10',
      '--locale',
      'fr',
    ])
    expect(report).toMatchObject({ products: 10, failed: 0, waiting: 0, calls: 2 })
    expect(code).toBe(0)
    const [row] = parse(readFileSync(out), { columns: true, to: 1 }) as unknown as Record<string, string>[]
    expect(['', 'Computers', 'Printing', 'Cables and adapters', 'Networking', 'Audio and video', 'Accessories']).toContain(
      row!['shop_department'],
    )
    expect(await installation.rows(sql`select distinct locale from value_changes where attribute = 'shop_department'`)).toEqual([
      { locale: 'fr' },
    ])
  })
})
