import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const FOLDER = process.env['LATCHKEY_SCREENSHOTS']
const WIDTHS = [1440, 390] as const
const THEMES = ['light', 'dark'] as const

/** "<name>.<width>.<theme>.png" of the page as it stands, in the folder that LATCHKEY_SCREENSHOTS names; nothing without it. */
export async function takeShots(page: Page, name: string): Promise<void> {
  if (!FOLDER) return
  mkdirSync(FOLDER, { recursive: true })
  const before = page.viewportSize()
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 })
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForTimeout(250) // what waits for its size draws itself again
      await page.screenshot({ path: join(FOLDER, `${name}.${width}.${colorScheme}.png`) })
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  if (before) await page.setViewportSize(before)
}
