import { expect, it } from 'vitest'
import { describeInBrowser, settled } from './support/browser.ts'

describeInBrowser('people, in a browser', ({ server, open }) => {
  it('claims the server with the keyboard alone, and lands on the five steps', async () => {
    const tab = await open()
    const { page } = tab
    await page.goto(server().server.claimLink!)
    await settled(page)
    await tab.expectAccessible()
    await tab.shots('claim')
    await page.keyboard.type('ada@example.com') // the first field has the focus
    await tab.tabTo(page.getByLabel('Password', { exact: true }))
    await page.keyboard.type('correct horse battery')
    await tab.tabTo(page.getByLabel('Name of the workspace'))
    await page.keyboard.type('Lamps')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Start' }).waitFor()
    await settled(page)
    await expect.poll(() => page.getByRole('listitem').filter({ hasText: 'Add a provider' }).getAttribute('aria-current')).toBe('step')
    await tab.expectAccessible()
    await tab.shots('start')
    await tab.close()
  })
})
