import { expect, it } from 'vitest'
import { describeInBrowser } from './support/browser.ts'

describeInBrowser('documents, in a browser', ({ open }) => {
  it.each([
    ['/docs/errors', 'Errors'],
    ['/docs/errors/budget.exceeded', 'budget.exceeded'],
    ['/api/docs', 'Latchkey API'],
  ])('%s is read without sign-in, on a narrow screen too', async (path, title) => {
    const tab = await open({ width: 390, height: 844 })
    await tab.page.goto(path)
    await tab.page.getByRole('heading', { level: 1, name: title }).waitFor()
    await expect.poll(() => tab.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    // Axe takes most of a minute for the length of the API's page, which is made of the same few elements again and again.
    if (path !== '/api/docs') await tab.expectAccessible()
    await tab.close()
  })
})
