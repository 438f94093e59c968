import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { ensureWeb } from '../../../src/server/build-web.ts'
import { serveWeb } from '../../../src/server/serve-web.ts'
import { startTestServer, type TestClient, type TestServer } from '../../support/server.ts'
import { requireAll } from '../../support/shared.ts'
import { takeShots } from './shots.ts'

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const WAIT_MS = 15_000

export interface OpenOptions {
  /** Signed in as this person; absent: nobody. */
  readonly as?: TestClient
  readonly language?: 'en' | 'fr' | 'ar'
  readonly theme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

/** One person's browser window. */
export interface Tab {
  readonly page: Page
  /** Goes to a path and waits until its title stands and nothing is loading. */
  visit(path: string): Promise<void>
  /** Presses Tab until this element has the focus; fails when it never does. */
  tabTo(target: Locator): Promise<void>
  /** Fails with what axe finds wrong on the page as it stands. */
  expectAccessible(): Promise<void>
  /** Pictures of the page at 1440 and 390 pixels, light and dark, where LATCHKEY_SCREENSHOTS names a folder. */
  shots(name: string): Promise<void>
  /** Closes it. Fails when anything was reported: errors of the console, broken policies, dialogs, requests to other hosts. */
  close(): Promise<void>
}

export interface Surroundings {
  readonly server: () => TestServer
  /** A window of a person without a history: storage, cookies and cache are its own. */
  readonly open: (options?: OpenOptions) => Promise<Tab>
}

/** The browser of a file's suites: each of their windows is as empty as in a browser of its own. */
let launched: Promise<Browser> | undefined

function launch(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--font-render-hinting=none'] })
  return launched
}

let isEndKnown = false

/** Closes it when all suites of the file are over. */
function closeAtTheEnd(): void {
  if (isEndKnown) return
  isEndKnown = true
  afterAll(async () => (await launched)?.close())
}

/**
 * A suite in the system's Chromium, with a server and built pages of its own. Skipped with its reason where there is no Chromium
 * (CHROMIUM_PATH, else /usr/bin/chromium), failing there when LATCHKEY_REQUIRE_ALL=1.
 */
export function describeInBrowser(
  name: string,
  suite: (surroundings: Surroundings) => void,
  { environment = {} }: { environment?: Readonly<Record<string, string>> } = {},
): void {
  if (!existsSync(CHROMIUM) && !requireAll) {
    describe.skip(`${name} (skipped: no Chromium at ${CHROMIUM}; CHROMIUM_PATH names another)`, () => undefined)
    return
  }
  closeAtTheEnd()
  describe(name, () => {
    let server: TestServer | undefined
    let browser: Browser | undefined
    beforeAll(async () => {
      const pages = serveWeb(await ensureWeb())
      server = await startTestServer({ environment, pages: [pages] })
      browser = await launch()
    }, 120_000)
    afterAll(() => server?.close())
    suite({ server: () => server!, open: (options = {}) => openTab({ browser: browser!, url: server!.url, options }) })
  })
}

async function openTab({ browser, url, options }: { browser: Browser; url: string; options: OpenOptions }): Promise<Tab> {
  const { as, language = 'en', theme = 'light', width = 1440, height = 900 } = options
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: theme,
    locale: { en: 'en-US', fr: 'fr-FR', ar: 'ar-EG' }[language],
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(WAIT_MS)
  if (as) await context.addCookies(as.cookies().map(({ name, value }) => ({ name, value, url })))
  const page = await context.newPage()
  const reports = watch(page, url)
  return {
    page,
    visit: async (path) => {
      await page.goto(path)
      await settled(page)
    },
    tabTo: (target) => tabTo(page, target),
    expectAccessible: () => expectAccessible(page),
    shots: (name) => takeShots(page, name),
    close: async () => {
      await context.close()
      expect(reports).toEqual([])
    },
  }
}

/** Whatever a page should never do, in words. An answer of the API with a status from 400 on is not among it: tests provoke those. */
function watch(page: Page, url: string): string[] {
  const reports: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    if (message.text().startsWith('Failed to load resource') && message.location().url.startsWith(`${url}/api/`)) return
    reports.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => reports.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    reports.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(`${url}/`)) reports.push(`foreign request: ${request.url()}`)
  })
  return reports
}

/** The page's title stands, and no skeleton any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await expect.poll(() => page.locator('.waits').count(), { timeout: WAIT_MS }).toBe(0)
}

const MOST_TABS = 150

async function tabTo(page: Page, target: Locator): Promise<void> {
  const hasFocus = (): Promise<boolean> =>
    target.evaluate((element: { matches: (selector: string) => boolean }) => element.matches(':focus'))
  await target.waitFor()
  for (let pressed = 0; pressed < MOST_TABS; pressed++) {
    if (await hasFocus()) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no Tab leads to ${target.toString()}`)
}

const POPUP = '[role="menu"], [role="listbox"], [data-base-ui-portal] [role="dialog"]'

async function expectAccessible(page: Page): Promise<void> {
  const axe = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
  if ((await page.locator(POPUP).count()) > 0) axe.disableRules(['region']) // a menu floats outside the landmarks, with the focus in it
  const { violations } = await axe.analyze()
  expect(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}
