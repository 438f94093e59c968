import { expect, it } from 'vitest'
import { makeWorkspace } from '../../src/contract/people.ts'
import { describeInBrowser, settled } from './support/browser.ts'

describeInBrowser('the frame of the pages', ({ server, open }) => {
  it('goes anywhere by the command palette, and shows its keys', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/')
    const loaded = page.waitForResponse(/palette/) // with the first move on the page, before it is asked for
    await page.mouse.move(200, 200)
    await (await loaded).finished()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('x') // at once
    const box = page.getByRole('combobox', { name: 'Command palette' })
    await expect.poll(() => box.inputValue()).toBe('x')
    await page.keyboard.press('Backspace')
    await tab.expectAccessible()
    await tab.shots('palette')
    await page.keyboard.type('memb')
    await page.getByRole('option', { name: 'Members' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/members')
    await settled(page)
    await page.locator('body').press('?')
    await page.getByRole('dialog', { name: 'Keys of this page' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('keys')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await tab.close()
  })

  it('has a link past the rail, landmarks, and a focus that is always seen', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/settings')
    await page.keyboard.press('Tab')
    const skip = page.getByRole('link', { name: 'Skip to the page' })
    await expect.poll(() => skip.evaluate((element: { matches: (selector: string) => boolean }) => element.matches(':focus'))).toBe(true)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    const inMain = await page.locator('main :focus').count()
    expect(inMain).toBe(1)
    for (const role of ['main', 'banner', 'navigation'] as const)
      await expect.poll(() => page.getByRole(role).count(), { message: role }).toBe(1)
    await tab.close()
  })

  it('keeps the theme and the language that the person chose, without a flash of another', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/settings')
    await page.getByRole('button', { name: 'You and your settings' }).click()
    await tab.expectAccessible()
    await tab.shots('person-menu')
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark')
    await page.getByRole('button', { name: 'You and your settings' }).click()
    await page.getByRole('menuitemradio', { name: 'العربية' }).click()
    await page.getByRole('heading', { level: 1, name: 'الإعدادات' }).waitFor()
    await tab.expectAccessible()
    await page.route('**/*.js', () => undefined) // no script but the one in the page
    await page.goto('/settings', { waitUntil: 'commit' })
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark')
    await expect.poll(() => page.locator('html').getAttribute('dir')).toBe('rtl')
    await page.unroute('**/*.js')
    await tab.close()
  })

  it('has the rail as a sheet on a narrow screen', async () => {
    const tab = await open({ as: await server().owner(), width: 390, height: 844 })
    const { page } = tab
    await tab.visit('/')
    await tab.expectAccessible()
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('dialog').waitFor()
    await tab.expectAccessible()
    await tab.shots('rail-sheet')
    await page.getByRole('dialog').getByRole('link', { name: 'Members' }).click()
    await page.waitForURL('**/members')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await settled(page)
    await page.getByRole('button', { name: 'Invite someone' }).click() // within reach of a thumb
    await tab.close()
  })

  it('never scrolls sideways', async () => {
    for (const language of ['en', 'ar'] as const) {
      const tab = await open({ as: await server().owner(), language, width: 390, height: 844 })
      for (const path of ['/', '/account', '/members', '/settings', '/nowhere-at-all']) {
        await tab.visit(path)
        const overflow = await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${path} in ${language}`).toBe(0)
      }
      await tab.close()
    }
  })

  it('says what there is not, and what went wrong', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/nowhere-at-all')
    await page.getByText('There is no page at this address').waitFor()
    await tab.expectAccessible()
    await tab.shots('missing')

    await page.route('**/api/v1/members', (route) => route.abort())
    await tab.visit('/members')
    await page.getByRole('heading', { name: 'No connection to the server' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('offline')
    await page.unroute('**/api/v1/members')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('table', { name: 'Members' }).waitFor()
    await tab.close()
  })

  it('is refused in a tab whose workspace was left in another one', async () => {
    const stranger = await server().member('viewer')
    await stranger.call(makeWorkspace, { body: { name: 'Elsewhere' } })
    const [one, other] = [await open({ as: stranger }), await open({ as: stranger })]
    await one.visit('/settings')
    await other.visit('/settings')
    await other.page.getByRole('button', { name: /^Workspace Elsewhere/ }).click()
    await other.page.getByRole('menuitemradio', { name: 'Lamps' }).click()
    await other.page.waitForURL('**/')
    await one.page.getByRole('button', { name: 'Save the settings' }).click()
    await expect.poll(() => one.page.getByRole('alert').getByRole('link').innerText()).toBe('session.wrong_workspace')
    await one.close()
    await other.close()
  })
})
