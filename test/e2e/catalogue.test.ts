import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import * as contract from '../../src/contract/catalogue.ts'
import { writeValue } from '../../src/contract/review.ts'
import { sanitizeGenerated } from '../../src/catalogue/sanitize.ts'
import { markupCorpus } from '../support/markup-corpus.ts'
import { makeWorkbook } from '../support/archives.ts'
import { bringFile } from '../support/bring-file.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const CSV = [
  'sku;title;family;colour',
  ...Array.from({ length: 130 }, (_, index) => `L${index + 1};Lamp ${index + 1};Lamps;${index % 2 ? 'red' : ''}`),
  'L3;again;Lamps;',
  ';no sku;Lamps;',
].join('\n')

describeInBrowser('the catalogue, in a browser', ({ server, open }) => {
  let editor: TestClient
  beforeAll(async () => {
    editor = await server().member('editor')
  })

  async function withSample(client: TestClient): Promise<string> {
    const { source } = await client.call(contract.openSample)
    if (source.importing) for await (const _ of client.events(contract.watchImport, { params: { importId: source.importing } }));
    return source.id
  }

  it('an empty catalogue says what to do, and the sample is one press away', async () => {
    const newcomer = await server().stranger()
    const tab = await open({ as: newcomer })
    await tab.visit('/catalogue')
    await tab.expectAccessible()
    await tab.shots('catalogue-empty')
    await tab.tabTo(tab.page.getByRole('button', { name: 'Open the sample catalogue' }))
    await tab.page.keyboard.press('Enter')
    await tab.page.getByText('60 of 60 products shown').waitFor()
    await settled(tab.page)
    await tab.expectAccessible()
    await tab.shots('catalogue-sample')

    const [row] = await tab.page.getByRole('row').filter({ hasText: 'LMP-103' }).all()
    const before = await row!.boundingBox()
    await row!.getByRole('checkbox').click()
    await tab.page.getByText('1 selected').waitFor()
    expect(await row!.boundingBox()).toEqual(before) // what is under the pointer stays there
    await tab.page.getByRole('button', { name: 'Select none' }).click()
    await tab.page.getByRole('button', { name: 'Enrich 60 products…' }).click() // nothing selected: all of them
    await tab.page.getByText('All 60 products of the catalogue.').waitFor()
    await tab.close()

    const phone = await open({ as: newcomer, width: 390, height: 844 })
    await phone.visit('/catalogue')
    await phone.page.getByRole('button', { name: 'Export' }).click()
    const [file] = await Promise.all([
      phone.page.waitForEvent('download'),
      phone.page.getByRole('button', { name: 'Export this file' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('sample-catalogue.csv')
    await phone.close()
  })

  it('a file is brought: looked at, imported, its rejected rows listed, its products there', async () => {
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?import=file')
    await tab.expectAccessible()
    await tab.shots('import-choose')
    await page.locator('input[type=file]').setInputFiles({ name: 'lamps.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) })
    await page.getByRole('heading', { name: 'Look at the file' }).waitFor()
    await page.getByRole('cell', { name: 'Lamp 1', exact: true }).waitFor()
    await tab.expectAccessible()
    await tab.shots('import-look')
    await page.getByRole('button', { name: 'Import this file' }).click()
    await page.getByText('Its sku "L3" is already on line 4.').waitFor()
    await expect.poll(() => page.getByRole('definition').allTextContents()).toEqual(['130', '130', '0', '0', '0', '2'])
    await tab.expectAccessible()
    await tab.shots('import-done')
    await page.reload()
    await page.getByText('Its sku "L3" is already on line 4.').waitFor() // the import is in the address
    await page.getByRole('button', { name: 'See 130 products' }).click()
    await page.getByText('of 130 products shown').waitFor()
    await tab.close()
  })

  it('a workbook: another sheet and another header are a choice; its export says what Google Merchant gets', async () => {
    const feed = ['id', 'title', 'description', 'link', 'image_link', 'price']
    const formula = { xml: '<c t="str"><f>"A "&amp;"lamp"</f><v>A lamp</v></c>' }
    const rows = [['Spring list'], feed, ...['A', 'B', 'C'].map((id) => [id, `Lamp ${id}`, formula, 'https://x', 'https://x/a.jpg', 12.5])]
    const book = makeWorkbook([
      {
        name: 'Stores',
        rows: [
          ['store', 'town'],
          ['1', 'Graz'],
          ['2', 'Linz'],
        ],
      },
      { name: 'Products', rows },
    ])
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?import=file')
    await page.locator('input[type=file]').setInputFiles({ name: 'lamps.xlsx', mimeType: '', buffer: book })
    await page.getByRole('cell', { name: 'Graz' }).waitFor()
    await page.getByRole('combobox', { name: 'Sheet' }).click()
    await page.getByRole('option', { name: 'Products' }).click()
    await page.getByRole('region', { name: 'The first rows' }).getByRole('cell', { name: 'Lamp A', exact: true }).waitFor()
    await tab.expectAccessible()
    await tab.shots('import-workbook')
    await page.getByRole('button', { name: 'Import this file' }).click()
    await page.getByRole('button', { name: 'See 3 products' }).click()
    const { items } = await editor.call(contract.listProducts, { query: { search: 'Lamp B' } })
    const body = { locale: null, over: null, value: 'A lamp of brass' }
    await editor.call(writeValue, { params: { productId: items[0]!.id, attribute: 'description' }, body })
    await page.getByRole('button', { name: 'Files' }).click()
    const source = page.getByRole('listitem').filter({ hasText: 'lamps.xlsx' })
    await source.getByRole('button', { name: 'Export with accepted values' }).click()
    await page.getByRole('checkbox', { name: 'Mark AI texts for Google Merchant' }).waitFor()
    await page.getByRole('checkbox', { name: 'Say whose words each value is' }).click()
    await tab.expectAccessible()
    await tab.shots('export-dialog')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export this file' }).click()])
    expect(download.suggestedFilename()).toBe('lamps.xlsx')
    await page.getByText('1 accepted value is not in the file.').waitFor()
    await page.getByText('The cell holds a formula, which stays.').waitFor()
    await tab.expectAccessible()
    await tab.shots('export-left')
    await tab.close()
  })

  it('a file that cannot be read says what it is and what to do, and takes the person’s word', async () => {
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?import=file')
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'prices.xls', mimeType: 'x', buffer: Buffer.from('d0cf11e0a1b11ae1', 'hex') })
    await page.getByText('looks like an old Excel document').waitFor()
    await tab.expectAccessible()
    await tab.shots('import-unreadable')
    await page.getByRole('button', { name: 'Choose another file' }).click()
    await page.locator('input[type=file]').setInputFiles({ name: 'semi.csv', mimeType: 'x', buffer: Buffer.from('sku;x\n1;2,5\n2;3,5\n') })
    await page.getByRole('cell', { name: '2,5' }).waitFor()
    await page.getByLabel('Cells are divided by').click()
    await page.getByRole('option', { name: 'Comma' }).click()
    await page.getByRole('columnheader', { name: 'sku;x' }).waitFor()
    await tab.close()
  })

  it('is searched, narrowed, sorted and selected, by keyboard too, and the address keeps it', async () => {
    await withSample(editor)
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue')
    await page.keyboard.press('/')
    await page.keyboard.type('pannier')
    await page.getByText('4 of 4 products shown').waitFor()
    expect(page.url()).toContain('search=pannier')
    await page.reload()
    await page.getByText('4 of 4 products shown').waitFor()
    await page.getByRole('button', { name: 'Clear search and filters' }).click()
    await page.getByRole('combobox', { name: 'Missing' }).fill('title')
    await page.getByRole('option', { name: /^title/ }).click()
    await expect.poll(() => page.getByText(/products shown/).textContent()).toMatch(/^12 of 12 /)
    await page.getByRole('checkbox', { name: 'Select all that match' }).click()
    await tab.expectAccessible()
    await tab.shots('catalogue-selected')
    await page.getByRole('button', { name: 'Enrich 12 products…' }).waitFor()
    await tab.close()
  })

  it('is narrowed to a category, and sorted by quality', async () => {
    const lines = [1, 2, 3].map(
      (lamp) => `K${lamp};Lamp ${lamp};Lamps;${lamp === 2 ? 'Office' : 'Garden > Lamps'};${'bright '.repeat(lamp)}`,
    )
    const client = await server().stranger()
    await bringFile(client, 'categories.csv', ['sku;title;family;categories;description', ...lines].join('\n'))
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit('/catalogue')
    await page.getByRole('combobox', { name: 'Category' }).click()
    await page.getByRole('option', { name: 'Garden 2' }).click()
    await page.getByText('2 of 2 products shown').waitFor()
    await page.getByRole('button', { name: 'Quality' }).click()
    await page.waitForURL(/sort=quality/)
    const names = (): Promise<string[]> => page.getByRole('link', { name: /^Lamp \d$/ }).allTextContents()
    await expect.poll(names).toEqual(['Lamp 1', 'Lamp 3']) // the shorter description is the poorer one
    await tab.expectAccessible()
    await tab.shots('catalogue-category')
    await tab.close()
  })

  it('a file goes out again, from the page', async () => {
    const tab = await open({ as: await server().member('editor') })
    const { page } = tab
    await withSample(editor)
    await tab.visit('/catalogue')
    await page.getByRole('button', { name: 'Files' }).click()
    const source = page.getByRole('listitem').filter({ hasText: 'sample catalogue' })
    await tab.expectAccessible()
    await tab.shots('catalogue-files')
    await source.getByRole('button', { name: 'Export with accepted values' }).click()
    await tab.expectAccessible()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export this file' }).click()])
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    expect(download.suggestedFilename()).toBe('sample-catalogue.csv')
    expect(Buffer.concat(chunks)).toEqual(readFileSync('src/catalogue/sample/catalogue.csv'))
    await tab.close()
  })

  it('attributes become columns, and stay so', async () => {
    await withSample(editor)
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?search=LMP-101')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'material' }).click()
    await page.keyboard.press('Escape')
    await page.getByText('brass, steel').waitFor()
    await page.reload()
    await page.getByText('brass, steel').waitFor()
    await expect.poll(() => page.getByRole('columnheader', { name: 'material' }).count()).toBe(1)
    await tab.close()
  })

  it('a product shows its values, its picture and its neighbours; j and k go through the list', async () => {
    await withSample(editor)
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?search=armchair&sort=identifier')
    await page.getByRole('link', { name: 'Lund armchair' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Lund armchair' }).waitFor()
    await settled(page)
    await page.getByText('velvet, beech').waitFor()
    await page.getByRole('button', { name: 'Edit title' }).waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Edit sku' }).count()).toBe(0) // it tells products apart
    await expect.poll(() => page.locator('aside img').evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBeGreaterThan(0)
    await tab.expectAccessible()
    await tab.shots('product')
    const first = page.url()
    await page.keyboard.press('j')
    await expect.poll(() => page.url()).not.toBe(first)
    await settled(page)
    await page.keyboard.press('k')
    await expect.poll(() => page.url()).toBe(first)
    await page.getByRole('link', { name: 'Catalogue' }).last().click()
    await tab.close()
  })

  it('pictures of other hosts are links, and not one request goes there', async () => {
    const tab = await open({ as: editor })
    const { page } = tab
    await tab.visit('/catalogue?import=file')
    const csv = 'sku,title,image\nF1,Foreign,https://img.example.org/a.jpg\n'
    await page.locator('input[type=file]').setInputFiles({ name: 'foreign.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
    await page.getByRole('button', { name: 'Import this file' }).click()
    await page.getByRole('button', { name: 'See 1 product' }).click()
    await page.getByRole('link', { name: 'Foreign' }).click()
    await expect.poll(() => page.getByRole('link', { name: 'img.example.org' }).getAttribute('href')).toBe('https://img.example.org/a.jpg')
    await page.getByText('They are not loaded').waitFor()
    await tab.close() // fails on a request to another host
  })

  it('an error says what happened, and tries again', async () => {
    const tab = await open({ as: editor })
    const { page } = tab
    await page.route('**/api/v1/catalogue/products?**', (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: '{"code":"unexpected","detail":"It broke.","status":500}',
      }),
    )
    await page.goto('/catalogue')
    await page.getByText('It broke.').waitFor()
    await tab.expectAccessible()
    await tab.shots('catalogue-error')
    await tab.visit('/catalogue/00000000-0000-7000-8000-000000000000')
    await page.getByText('There is no such product in this workspace.').waitFor()
    await tab.close()
  })

  it('in Arabic it stands from right to left, complete', async () => {
    await withSample(editor)
    const tab = await open({ as: editor, language: 'ar' })
    await tab.visit('/catalogue')
    await expect.poll(() => tab.page.locator('html').getAttribute('dir')).toBe('rtl')
    await tab.page.getByRole('heading', { level: 1, name: 'الكتالوج' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('catalogue-ar')
    await tab.visit('/catalogue?import=file')
    await tab.expectAccessible()
    await tab.close()
  })

  it('OUT-1: sanitised texts put into a page as they are run nothing and load nothing', async () => {
    const tab = await open({ as: editor })
    await tab.visit('/catalogue')
    const context = tab.page.context()
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void dialog.dismiss()
    })
    await page.setContent(`<body>${markupCorpus.map((text) => `<div>${sanitizeGenerated(text)}</div>`).join('\n')}</body>`)
    await page.waitForTimeout(300)
    expect(asked).toEqual([])
    await tab.close()
  })
})
