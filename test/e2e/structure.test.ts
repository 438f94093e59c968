import { expect, it } from 'vitest'
import * as catalogue from '../../src/contract/catalogue.ts'
import * as contract from '../../src/contract/structure.ts'
import { describeInBrowser, settled } from './support/browser.ts'
import { bringFile } from '../support/bring-file.ts'

const ATTRIBUTES = [
  'code;label-en_US;type;group;localizable;scopable;default_metric_unit',
  'sku;SKU;pim_catalog_identifier;;0;0;',
  'name;Name;pim_catalog_text;;0;0;',
  'height;Height;pim_catalog_metric;;0;0;CENTIMETER',
  'colour;Colour;pim_catalog_simpleselect;;0;0;',
].join('\n')
const PRODUCTS = [
  'sku,name,family,height,colour',
  ...Array.from({ length: 12 }, (_, index) => `L${index},Desk lamp number ${index},lamps,${index === 3 ? 'tall' : `${index + 20} cm`},`),
].join('\n')

describeInBrowser('the structure of a catalogue, in a browser', ({ server, open }) => {
  it('comes with a file, is corrected, and products are measured by it', async () => {
    const editor = await server().member('editor')
    await bringFile(editor, 'lamps.csv', PRODUCTS)
    const tab = await open({ as: editor })
    const { page } = tab

    await tab.visit('/catalogue?import=file')
    await page.locator('input[type=file]').setInputFiles({ name: 'attributes.csv', mimeType: 'text/csv', buffer: Buffer.from(ATTRIBUTES) })
    await page.getByRole('heading', { name: 'This file holds attributes' }).waitFor()
    await tab.expectAccessible()
    await page.getByRole('button', { name: 'Take it into the structure' }).click()
    await page.getByRole('row').filter({ hasText: 'Height' }).getByText('Measurement').waitFor()
    await tab.expectAccessible()
    await tab.shots('structure-attributes')

    await page.getByRole('row').filter({ hasText: 'Colour' }).getByText('One option').click()
    await page.getByRole('button', { name: 'Add an option' }).click()
    const sheet = page.getByRole('dialog', { name: 'Add an option' })
    await sheet.getByRole('textbox', { name: 'Code' }).fill('brass')
    await sheet.getByRole('button', { name: 'Add an option' }).click()
    await page.getByText('“brass” is added.').waitFor()
    await page.keyboard.press('Escape')

    await tab.visit('/structure?tab=families')
    await page.getByRole('row').filter({ hasText: 'lamps' }).getByText('lamps').click()
    await page.getByRole('textbox', { name: 'Required in every channel, one a line' }).fill('name\nheight\ncolour')
    await page.getByRole('button', { name: 'Save lamps' }).click()
    await page.getByText('“lamps” is changed.').waitFor()
    await editor.call(catalogue.listProducts) // the index follows
    await expect.poll(async () => (await editor.call(contract.readStandings)).all.asked).toBe(12)

    await tab.visit('/structure?tab=completeness')
    await page.getByRole('row').filter({ hasText: 'All products' }).getByText('0%').waitFor()
    await tab.expectAccessible()
    await tab.shots('structure-completeness')

    await tab.visit('/catalogue?standing=unfit')
    await page.getByText('1 of 1 product shown').waitFor()
    await tab.expectAccessible()
    await tab.shots('structure-list')
    await page.getByText('Desk lamp number 3').click()
    await page.getByText('Does not fit its type: not a measurement').waitFor()
    await tab.expectAccessible()
    await tab.shots('structure-product')
    await page.getByRole('button', { name: 'Edit height' }).click()
    await page.getByRole('textbox', { name: 'Amount' }).fill('23')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('23 cm').waitFor()
    await page.getByRole('button', { name: 'Edit colour' }).click()
    await page.getByRole('combobox').last().fill('bra')
    await page.getByRole('option', { name: 'brass' }).click()
    await tab.shots('structure-editor')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('All 3 required attributes have a value.').waitFor()
    await settled(page)
    await tab.close()
  })
})
