import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeWorkbook } from './support/archives.ts'
import { readWhole } from './support/contained.ts'
import { type Installation, makeInstallation } from './support/installation.ts'

const PRACTICE = ['--provider', 'practice', '--model', 'practice-1', '--fields', 'title,description']
const NAMES = ['Arven kettle', 'Bolt desk lamp', 'Corvo cable']

describe('the command line with workbooks and XML', () => {
  let installation: Installation
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'pglite' })
  })
  afterAll(() => installation?.remove())

  it('enriches the sheet that is named, in place, and finds its own work when it runs again', async () => {
    const file = installation.home.file('list.xlsx')
    const rows = [['Our list'], ['sku', 'name', 'price'], ...NAMES.map((name, index) => [`P${index}`, name, 12.5])]
    writeFileSync(
      file,
      makeWorkbook([
        {
          name: 'Notes',
          rows: [
            ['a', 'b'],
            ['1', '2'],
          ],
        },
        { name: 'Products', rows },
      ]),
    )
    const command = [file, '--out', file, ...PRACTICE, '--sheet', 'products', '--header-row', '2']
    const first = await installation.enrich(command)
    expect(first.report, first.stderr).toMatchObject({ products: 3, failed: 0, waiting: 0, rejected: [] })
    const { format, products } = await readWhole(file, { sheet: 'Products' })
    expect(format).toMatchObject({ columns: ['sku', 'name', 'price', 'title', 'description'], headerRow: 2 })
    for (const [index, { identifier, values }] of products.entries()) {
      expect({ identifier, ...values }).toMatchObject({ identifier: `P${index}`, name: NAMES[index], price: 12.5 })
      expect(String(values['description']).length).toBeGreaterThan(20)
    }
    const again = await installation.enrich(command)
    expect(again.report, again.stderr).toMatchObject({ products: 3, calls: 0 })
  })

  it('enriches a feed and leaves all else of it as it was', async () => {
    const file = installation.home.file('feed.xml')
    const out = installation.home.file('out.xml')
    const items = NAMES.map((name, index) => `  <product><id>P${index}</id><name>${name}</name></product><!-- ${index} -->\n`)
    writeFileSync(file, `<?xml version="1.0"?>\n<products>\n${items.join('')}</products>\n`)
    const { report, stderr } = await installation.enrich([file, '--out', out, ...PRACTICE])
    expect(report, stderr).toMatchObject({ products: 3, failed: 0, waiting: 0 })
    const added = /<title>[^<]+<\/title><description>[^<]+<\/description>/g
    const text = readFileSync(out, 'utf8')
    expect(text.match(added)).toHaveLength(3)
    expect(text.replaceAll(added, '')).toBe(readFileSync(file, 'utf8'))
  })
})
