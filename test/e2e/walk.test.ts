import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { describeInBrowser, settled, type Surroundings, type Tab } from './support/browser.ts'
import { textsOf } from './support/texts.ts'

// The walk: from an empty browser to an approved, exported catalogue, each step reached from the one before it.

const PATIENCE_MS = 60_000

/** What the walk presses; by pointer, or by keyboard alone. */
interface Hand {
  readonly press: (role: 'button' | 'link' | 'checkbox', name: RegExp) => Promise<void>
  readonly type: (label: RegExp, text: string) => Promise<void>
}

const pointer = ({ page }: Tab): Hand => ({
  press: (role, name) => page.getByRole(role, { name }).first().click(),
  type: (label, text) => page.getByLabel(label).first().fill(text),
})

const keyboard = ({ page, tabTo }: Tab): Hand => ({
  async press(role, name) {
    const target = page.getByRole(role, { name }).first()
    await target.waitFor()
    const isThere = (): Promise<boolean> =>
      target.evaluate((element: { matches: (selector: string) => boolean }) => element.matches(':focus'))
    // What appears for a selection stands right before the table it was made in: a few steps back.
    for (let back = 0; back < 8 && !(await isThere()); back += 1) await page.keyboard.press('Shift+Tab')
    await tabTo(target)
    await page.keyboard.press(role === 'checkbox' ? 'Space' : 'Enter')
  },
  async type(label, text) {
    await tabTo(page.getByLabel(label).first())
    await page.keyboard.insertText(text)
  },
})

/** @returns how many products have a description in the file that came out. */
async function walk(
  { server, open }: Surroundings,
  { language, handOf, width = 1440 }: { language: 'en' | 'fr' | 'ar'; handOf: (tab: Tab) => Hand; width?: number },
): Promise<number> {
  const say = textsOf(language)
  const tab = await open({ language, width })
  const { page } = tab
  const { press, type } = handOf(tab)

  // The address the server printed, as it is when this walk begins: the first one claims, later ones bring a person of their own.
  const link = server().server.claimLink
  expect(link).toBeDefined()
  await page.goto(link!)
  await expect.poll(() => page.locator('html').getAttribute('dir')).toBe(language === 'ar' ? 'rtl' : 'ltr')
  await type(say('people:email'), 'ada@example.com')
  await type(say('people:password'), 'correct horse battery')
  await type(say('people:workspaceName'), 'Lamp shop')
  await press('button', say('people:claim.action'))

  await page.waitForURL(({ pathname }) => pathname === '/')
  await settled(page)
  await tab.expectAccessible()
  await press('link', say('start:provider.action'))
  await press('button', say('providers:practice'))
  await press('button', say('providers:addPractice'))
  await press('link', say('providers:saved.assign'))

  await page.waitForURL(/\/assignments\/enrichment/)
  await settled(page)
  await tab.expectAccessible()
  await press('button', say('assignments:save'))
  await press('link', say('assignments:toStart'))

  await settled(page)
  await press('button', say('start:catalogue.sample'))
  await page.waitForURL(/\/catalogue/)
  await page.getByText('LMP-101').waitFor({ timeout: PATIENCE_MS })
  await tab.expectAccessible()
  if (width >= 768) await press('checkbox', say('common:table.selectAll'))
  else {
    await press('checkbox', say('common:table.selectRow')) // as cards, there is no head of a table
    await press('button', say('common:table.selectAllMatching'))
  }
  await press('button', say('catalogue:enrich'))

  await page.waitForURL(/\/enrich/)
  await settled(page)
  await tab.expectAccessible()
  await press('button', say('runs:start'))

  await page.waitForURL(/\/runs\//)
  await page.getByRole('link', { name: say('runs:review') }).waitFor({ timeout: PATIENCE_MS })
  await tab.expectAccessible()
  await press('link', say('runs:review'))

  await page.waitForURL(/\/review/)
  await settled(page)
  await tab.expectAccessible()
  await press('button', say('review:all.actions.accept'))
  // It says what it does, and asks once.
  const asked = page.getByRole('alertdialog').or(page.getByRole('dialog'))
  await asked.getByRole('button', { name: say('review:all.actions.accept') }).click()
  await page.getByText(say('review:all.done.accept')).first().waitFor({ timeout: PATIENCE_MS })

  await tab.visit('/catalogue')
  await press('button', say('catalogue:export'))
  const [download] = await Promise.all([page.waitForEvent('download'), press('button', say('catalogue:exporting.download'))])
  const rows: Record<string, string>[] = parse(readFileSync(await download.path()), { columns: true, delimiter: ',' })
  expect(rows).toHaveLength(60)
  expect(rows.filter((row) => (row['title'] ?? '') === '')).toEqual([])
  await tab.close()
  return rows.filter((row) => (row['description'] ?? '').length > 20).length
}

describeInBrowser('the walk in English', (surroundings) => {
  it('leads from the link to the exported file', { timeout: PATIENCE_MS * 4 }, async () => {
    expect(await walk(surroundings, { language: 'en', handOf: pointer })).toBe(60)
  })
})

describeInBrowser('the walk in Arabic, right to left', (surroundings) => {
  it('leads from the link to the exported file', { timeout: PATIENCE_MS * 4 }, async () => {
    expect(await walk(surroundings, { language: 'ar', handOf: pointer })).toBe(60)
  })
})

describeInBrowser('the walk by keyboard alone', (surroundings) => {
  it('leads from the link to the exported file', { timeout: PATIENCE_MS * 4 }, async () => {
    expect(await walk(surroundings, { language: 'en', handOf: keyboard })).toBe(60)
  })
})

describeInBrowser('the walk at 390 pixels, in French', (surroundings) => {
  it('leads from the link to the exported file', { timeout: PATIENCE_MS * 4 }, async () => {
    expect(await walk(surroundings, { language: 'fr', handOf: pointer, width: 390 })).toBe(60)
  })
})
