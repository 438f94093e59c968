import { beforeAll, expect, it } from 'vitest'
import * as contract from '../../src/contract/catalogue.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const HEADER =
  'Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Price,Price / EURO,Variant Barcode,Color (product.metafields.shopify.color-pattern)'
const shop = (title: string, more = '') =>
  [
    HEADER,
    `shirt,${title},<p>Linen</p>,Acme,Shirts,Size,S,SH-S,120,20,19,'0012345678905,blue`,
    `shirt,,,,,,M,SH-M,130,21,20,'0012345678912,`,
    'lamp,Lamp,<p>Brass</p>,Acme,Lamps,Title,Default Title,LA-1,900,50,,,gold',
    more,
  ].join('\n')

describeInBrowser('files of a known format, in a browser', ({ server, open }) => {
  let editor: TestClient
  beforeAll(async () => {
    editor = await server().member('editor')
  })

  it('a Shopify file is recognised, its columns’ meaning changed, and what a second one would change is told before it does', async () => {
    const tab = await open({ as: editor })
    const { page } = tab
    const choose = async (content: string) => {
      await tab.visit('/catalogue?import=file')
      await page.locator('input[type=file]').setInputFiles({ name: 'shop.csv', mimeType: 'text/csv', buffer: Buffer.from(content) })
      await page.getByRole('heading', { name: 'Look at the file' }).waitFor()
      await page.getByText('It is an export of products from Shopify').waitFor()
    }
    await choose(shop('Shirt'))
    await settled(page)
    await tab.expectAccessible()
    await tab.shots('import-meaning')
    await page.getByRole('button', { name: 'Change what Vendor means' }).click()
    await page.getByRole('textbox', { name: 'Attribute' }).fill('Brand')
    await tab.expectAccessible()
    await tab.shots('import-meaning-column')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('row', { name: 'Vendor' }).getByText('Brand').waitFor()
    await page.getByRole('button', { name: 'Import this file' }).click()
    await page.getByRole('button', { name: 'See 3 products' }).click()
    await page.getByText('of 3 products shown').waitFor()

    const { items } = await editor.call(contract.listProducts, { query: { search: 'SH-M' } })
    const variant = items[0]!
    await tab.visit(`/catalogue/${variant.id}`)
    await page.getByRole('heading', { name: 'Shirt' }).waitFor()
    await page.getByRole('link', { name: 'Variant of shirt' }).waitFor()
    await expect.poll(() => page.getByRole('link', { name: 'From shirt' }).count()).toBeGreaterThan(2)
    await page.getByText('Brand', { exact: true }).waitFor()
    await settled(page)
    await tab.expectAccessible()
    await tab.shots('product-variant')

    await choose(shop('Linen shirt', 'vase,Vase,,Acme,Vases,,,VA-1,300,12,,,'))
    await page.getByRole('button', { name: 'See what it would change' }).click()
    await page.getByRole('row', { name: 'Title' }).getByText('Linen shirt').waitFor()
    await expect.poll(() => page.getByRole('definition').allTextContents()).toEqual(['4', '1', '1', '2', '0', '0'])
    await tab.expectAccessible()
    await tab.shots('import-changes')
    expect((await editor.call(contract.listProducts, { query: {} })).items.length).toBe(3) // nothing was imported yet
    await page.getByRole('button', { name: 'Update shop.csv' }).click()
    await page.getByRole('button', { name: 'See 4 products' }).click()
    await page.getByText('of 4 products shown').waitFor()
    await tab.close()

    const arabic = await open({ as: editor, language: 'ar' })
    await arabic.visit('/catalogue?import=file')
    await arabic.page
      .locator('input[type=file]')
      .setInputFiles({ name: 'shop.csv', mimeType: 'text/csv', buffer: Buffer.from(shop('Other')) })
    await arabic.page.getByText('It is an export of products from Shopify').waitFor()
    await settled(arabic.page)
    await arabic.shots('import-meaning-ar')
    await arabic.close()
  })
})
