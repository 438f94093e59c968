import { afterAll, beforeAll, expect, it } from 'vitest'
import { replaceAssignment } from '../../src/contract/assignments.ts'
import { type Lack, startProbedModel } from '../support/probed-model.ts'
import { type Prober, proberOf } from '../support/prober.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled, type Tab } from './support/browser.ts'

/** Made first: the server must allow its address. */
const lacks = new Set<Lack>()
const model = await startProbedModel(lacks)

describeInBrowser(
  'tested models, in a browser',
  ({ server, open }) => {
    let owner: TestClient
    let prober: Prober
    beforeAll(async () => {
      owner = await server().owner()
      prober = proberOf(owner, model)
    })
    afterAll(() => model.stop())

    const scrollTo = ({ page }: Tab, name: string): Promise<void> =>
      page
        .getByRole('button', { name })
        .evaluate((element: { scrollIntoView: (to: object) => void }) => element.scrollIntoView({ block: 'center' }))

    it('shows the price before, the progress during, and what was found after', async () => {
      const id = await prober.add({ label: 'Our server' })
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit(`/providers/${id}`)
      await page.getByText('No model of this provider was tested yet.').waitFor()
      await page.getByRole('button', { name: 'Test models' }).click()
      await page.getByRole('checkbox', { name: 'house-1' }).click()
      await page.getByRole('checkbox', { name: 'house-2' }).click()
      const action = page.getByRole('button', { name: /^Test 2 models for about \$0\.00\d+$/ })
      await action.waitFor()
      await page.getByText(/at most: the test stops there/).waitFor()
      await tab.expectAccessible()
      await tab.shots('tested-models-dialog')
      for (const lack of ['slow stream', 'limit headers'] as const) lacks.add(lack)
      await action.click()
      await page.getByText('trying: Streaming').waitFor()
      await tab.expectAccessible()
      await scrollTo(tab, 'Cancel the test')
      await tab.shots('tested-models-progress')
      await page.getByRole('button', { name: 'Cancel the test' }).click()
      await page.getByText('Not everything was tried.').first().waitFor()
      await scrollTo(tab, 'Test models')
      await tab.shots('tested-models-cancelled')
      lacks.clear()
      for (const lack of ['vision refused', 'forced tools refused', 'max_tokens refused'] as const) lacks.add(lack)
      await page.getByRole('listitem', { name: 'house-1' }).getByRole('button', { name: 'Test again' }).click()
      await page.getByRole('button', { name: /^Test 1 model for about/ }).click()
      const card = page.getByRole('listitem', { name: 'house-1' })
      await card.getByText('tested', { exact: true }).waitFor()
      lacks.clear()
      await card.getByText('This model cannot see: content must be a string.').waitFor()
      await card.getByText('Only where the model itself may choose to.').waitFor()
      await expect.poll(() => card.getByText('works', { exact: true }).count()).toBe(14)
      await card.getByText(/^1\d calls$/).waitFor()
      await tab.expectAccessible()
      await scrollTo(tab, 'Test models')
      await tab.shots('tested-models')
      await tab.close()
    })

    it('a model that was found not to see comes last for vision, and is warned of', async () => {
      lacks.add('vision refused')
      const id = await prober.add({ label: 'Blind server' })
      await prober.probe(id, 'house-1')
      lacks.clear()
      await owner.call(replaceAssignment, {
        params: { context: 'vision' },
        body: { version: 0, candidates: [{ connectionId: id, model: 'house-1' }] },
      })
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/assignments/vision')
      await page.getByText(/it does not do what this context needs: Pictures/).waitFor()
      await page.getByText('tested, lacks: Pictures').waitFor()
      await tab.expectAccessible()
      await page.getByRole('combobox', { name: 'Model' }).click()
      await page.getByRole('combobox', { name: 'Model' }).fill('house')
      const options = await page.getByRole('option').allInnerTexts()
      expect(options.map((text) => /house-\d/.exec(text)?.[0])).toEqual(['house-2', 'house-1'])
      await tab.shots('tested-models-assignment')
      await tab.close()
    })

    it.each(['fr', 'ar'] as const)('in %s', async (language) => {
      const id = await prober.add({ label: `Server ${language}` })
      lacks.add('vision refused')
      lacks.add('stop')
      await prober.probe(id, 'house-1')
      lacks.clear()
      const tab = await open({ as: owner, language })
      await tab.visit(`/providers/${id}`)
      await settled(tab.page)
      await tab.page.getByRole('listitem', { name: 'house-1' }).scrollIntoViewIfNeeded()
      await tab.expectAccessible()
      await tab.shots(`tested-models-${language}`)
      await tab.close()
    })
  },
  { environment: { LATCHKEY_PRIVATE_HOSTS: new URL(model.url).host } },
)
