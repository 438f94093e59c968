import { openAsBlob } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import * as catalogue from '../src/contract/catalogue.ts'
import * as people from '../src/contract/people.ts'
import { makeClient, type TestClient } from '../test/support/server.ts'
import { writeCatalogue } from './support/catalogue.ts'
import { makeWorkplace } from './support/command.ts'
import { interact, load, openTab, type PageFigures, ready, until } from './support/page-meter.ts'
import { npmStart, stopAll } from './support/served.ts'
import { printTable } from './support/table.ts'

/**
 * `npm run bench -- web [PRODUCTS] [--json]`: what a person waits for in the browser. A second `npm start` to its first page; load,
 * layout shift and weight of the main pages; search and opening a product in a catalogue of 10,000. Figures, no verdicts: machines
 * differ.
 */
const asJson = process.argv.includes('--json')
const products = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 10_000)
const ROUNDS = 5
const PAGES = ['/', '/catalogue', '/providers', '/assignments', '/runs', '/review', '/consumption', '/members', '/account', '/settings']
const PASSWORD = 'correct horse battery'

const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(`${text}\n`)
const workplace = await makeWorkplace()
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  say(`a server with ${products} products ...`)
  const first = await npmStart(workplace)
  const client = await fill(first.url, first.claimToken!)
  await first.stop()
  const starts: { listeningMs: number; firstPageMs: number }[] = []
  for (let round = 1; round < ROUNDS; round += 1) starts.push(await startAgain())
  const served = await npmStart(workplace)
  const about = { url: served.url, cookies: client.cookies() }
  const signIn = await median(async () => {
    const page = await openTab(browser, { url: served.url, cookies: [] })
    const figures = await load(page, '/sign-in')
    await page.context().close()
    return figures
  })
  const loads = new Map<string, PageFigures>([['/sign-in', signIn]])
  for (const path of PAGES) {
    loads.set(
      path,
      await median(async () => {
        const page = await openTab(browser, about)
        const figures = await load(page, path)
        await page.context().close()
        return figures
      }),
    )
  }
  const page = await openTab(browser, about)
  const interactions = await interactWith(page)
  await served.stop()
  const report = { products, starts, loads: Object.fromEntries(loads), interactions }
  if (asJson) process.stdout.write(`${JSON.stringify(report)}\n`)
  else print(report)
} finally {
  await browser.close()
  await stopAll()
  workplace.remove()
}

/** Claims the server and imports the catalogue through the API, as a person would through the page. */
async function fill(url: string, token: string): Promise<TestClient> {
  const client = makeClient({ url, email: 'ada@example.com', password: PASSWORD })
  await client.call(people.claimServer, { body: { token, name: 'Ada', email: client.email, password: PASSWORD, workspaceName: 'Bench' } })
  const path = join(workplace.folder, 'catalogue.csv')
  await writeCatalogue({ path, products })
  const uploaded = await client.fetch('/api/v1/catalogue/files?name=catalogue.csv', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', origin: url },
    body: await openAsBlob(path),
  })
  const { id: fileId } = catalogue.fileView.parse(await uploaded.json())
  const { id: importId } = await client.call(catalogue.startImport, { body: { fileId } })
  for (let state = 'running'; state === 'running'; await sleep(200)) {
    const read = await client.call(catalogue.readImport, { params: { importId } })
    if (read.error) throw new Error(read.error.detail)
    state = read.state
  }
  for (let building = true; building; await sleep(200)) {
    const { index } = await client.call(catalogue.listProducts)
    building = !index.ready || index.indexed < index.products
  }
  return client
}

/** The data folder is there and the pages are built: from `npm start` to a painted page in a browser that is open already. */
async function startAgain(): Promise<{ listeningMs: number; firstPageMs: number }> {
  const served = await npmStart(workplace)
  const page = await openTab(browser, { url: served.url, cookies: [] })
  await page.goto('/sign-in')
  await page.locator('h1').first().waitFor()
  const firstPageMs = performance.now() - served.startedMs
  await page.context().close()
  await served.stop()
  return { listeningMs: served.listeningMs, firstPageMs }
}

interface Interaction {
  readonly doneMs: number
  readonly longestMs: number
}

async function interactWith(page: Page): Promise<Record<string, Interaction>> {
  await load(page, '/catalogue')
  const shown = page.getByText(/of [\d,]+ products? shown/)
  const before = await shown.innerText()
  const search = await interact(
    page,
    async () => {
      await page.keyboard.press('/')
      await page.keyboard.type('cable', { delay: 40 })
    },
    () => until(page, `!document.body.innerText.includes(${JSON.stringify(before)})`).then(() => ready(page)),
  )
  const open = await interact(
    page,
    () => page.getByRole('row').nth(3).getByRole('link').first().click(),
    () => page.waitForURL(/\/catalogue\/[0-9a-f-]{36}/).then(() => ready(page)),
  )
  await page.goBack()
  await ready(page)
  const scroll = await interact(
    page,
    async () => {
      await page.getByRole('row').nth(2).focus()
      for (let press = 0; press < 20; press += 1) await page.keyboard.press('PageDown')
    },
    () => ready(page),
  )
  return { 'search "cable"': search, 'open a product': open, '240 rows down by keyboard': scroll }
}

async function median(measure: () => Promise<PageFigures>): Promise<PageFigures> {
  const figures: PageFigures[] = []
  for (let round = 0; round < ROUNDS; round += 1) figures.push(await measure())
  return figures.toSorted((a, b) => a.largestPaintMs - b.largestPaintMs)[ROUNDS >> 1]!
}

function print({
  starts,
  loads,
  interactions,
}: {
  starts: readonly { listeningMs: number; firstPageMs: number }[]
  loads: Readonly<Record<string, PageFigures>>
  interactions: Readonly<Record<string, Interaction>>
}): void {
  const whole = (ms: number): string => ms.toFixed(0)
  say(`\nA second npm start, ${starts.length} times, ms`)
  printTable([
    ['', ...starts.map((_, index) => String(index + 1))],
    ['says its address', ...starts.map(({ listeningMs }) => whole(listeningMs))],
    ['first page painted', ...starts.map(({ firstPageMs }) => whole(firstPageMs))],
  ])
  say(`\nFirst visit of each page, empty cache, median of ${ROUNDS}`)
  printTable([
    ['page', 'first paint ms', 'largest paint ms', 'layout shift', 'scripts kB gzipped', 'requests'],
    ...Object.entries(loads).map(([path, figures]) => [
      path,
      whole(figures.firstPaintMs),
      whole(figures.largestPaintMs),
      figures.layoutShift.toFixed(3),
      figures.scriptKb.toFixed(1),
      String(figures.requests),
    ]),
  ])
  say(`\nInteractions with ${products} products`)
  printTable([
    ['', 'done after ms (300 of it waiting)', 'longest event ms'],
    ...Object.entries(interactions).map(([name, { doneMs, longestMs }]) => [name, whole(doneMs), whole(longestMs)]),
  ])
}
