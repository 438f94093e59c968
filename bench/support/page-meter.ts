import { get } from 'node:http'
import type { Browser, Page } from 'playwright-core'

/** What a person's browser felt: times in ms since the navigation began, layout shift as Chromium scores it. */
export interface PageFigures {
  readonly firstPaintMs: number
  readonly largestPaintMs: number
  readonly layoutShift: number
  readonly scriptKb: number // of the scripts that this page loaded, gzipped
  readonly requests: number
}

/** Collects what Chromium reports; buffered, so that what happened before is there too. */
const WATCH = `(() => {
  const seen = (window.seen = { lcp: 0, shift: 0, longest: 0 })
  const watch = (type, hear, more) => new PerformanceObserver((list) => list.getEntries().forEach(hear)).observe({ type, buffered: true, ...more })
  watch('largest-contentful-paint', (entry) => { seen.lcp = Math.max(seen.lcp, entry.startTime) })
  watch('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value })
  watch('event', (entry) => { if (entry.interactionId) seen.longest = Math.max(seen.longest, entry.duration) }, { durationThreshold: 16 })
})()`

interface Seen {
  readonly lcp: number
  readonly shift: number
  readonly longest: number
}

/** A tab without history; it keeps its cache from its first page to the next. */
export async function openTab(
  browser: Browser,
  { url, cookies }: { url: string; cookies: readonly { name: string; value: string }[] },
): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 }, locale: 'en-US', timezoneId: 'UTC' })
  await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url })))
  const page = await context.newPage()
  await page.addInitScript(WATCH)
  return page
}

/** Goes to a page and waits until its title stands and nothing is loading. */
export async function load(page: Page, path: string): Promise<PageFigures> {
  await page.goto(path)
  await ready(page)
  const { lcp, shift } = await page.evaluate<Seen>('window.seen')
  const firstPaintMs = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`)
  const scripts = await page.evaluate<string[]>(
    `performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => new URL(name).pathname.endsWith('.js'))`,
  )
  const requests = await page.evaluate<number>(`performance.getEntriesByType('resource').length + 1`)
  const bytes = await Promise.all([...new Set(scripts)].map((script) => gzippedBytes(script)))
  return {
    firstPaintMs,
    largestPaintMs: lcp,
    layoutShift: shift,
    scriptKb: bytes.reduce((sum, count) => sum + count, 0) / 1000,
    requests,
  }
}

export async function ready(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await until(page, `document.querySelector('.waits') === null`)
  await page.waitForTimeout(300) // what comes late and shifts things belongs to the figures
}

/** Asked from outside: the page's policy lets nothing be evaluated inside it. */
export async function until(page: Page, condition: string): Promise<void> {
  while (!(await page.evaluate<boolean>(condition))) await page.waitForTimeout(10)
}

/** What one interaction cost: until what it is for stands there, and the longest that the page took to answer one event of it. */
export async function interact(
  page: Page,
  act: () => Promise<void>,
  done: () => Promise<void>,
): Promise<{ doneMs: number; longestMs: number }> {
  await page.evaluate('window.seen.longest = 0')
  const started = performance.now()
  await act()
  await done()
  const doneMs = performance.now() - started
  await page.waitForTimeout(300) // event timing is reported after the next frame
  return { doneMs, longestMs: (await page.evaluate<Seen>('window.seen')).longest }
}

function gzippedBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => resolve(bytes))
    }).on('error', reject)
  })
}
