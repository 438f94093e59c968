import { afterAll, expect, it } from 'vitest'
import { openSample } from '../../src/contract/catalogue.ts'
import { addConnection } from '../../src/contract/connections.ts'
import { decideProposals, listProposals } from '../../src/contract/review.ts'
import * as runs from '../../src/contract/runs.ts'
import { assign, connectTo, EVERYTHING, planned, RECIPE, runOver, stopped } from '../support/enrichment.ts'
import { type Script, startMockProvider } from '../support/mock-provider.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const script: { of: Script } = { of: () => undefined }
const mock = await startMockProvider({ script: (request) => script.of(request), latencyMs: 20 })
afterAll(() => mock.stop())
const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host }

describeInBrowser(
  'enrich and runs, in a browser',
  ({ server, open }) => {
    it('leads from products to a run: tried, quoted, started with its price, and to its review', async () => {
      const owner = await server().owner()
      await owner.call(openSample)
      const practice = await owner.call(addConnection, { body: { provider: 'practice' } })
      await assign(owner, [{ connectionId: practice.id, model: 'practice-1' }])

      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/enrich')
      await page.getByText('All 60 products of the catalogue.').waitFor()
      await page.getByRole('radio').first().waitFor()
      await page.getByRole('heading', { name: 'Steps that save' }).waitFor()
      const perCall = page.getByRole('switch', { name: /products in a call/ })
      await expect.poll(() => perCall.isChecked()).toBe(false)
      await perCall.click()
      await page.getByText(/^(?!60 )[1-9]\d? calls$/).waitFor() // 60 products in fewer
      await settled(page)
      await expect.poll(() => page.getByRole('switch', { name: 'Prompt caching' }).isDisabled()).toBe(true)
      const models = page.getByRole('radiogroup').filter({ has: page.getByText('practice-1') })
      await expect.poll(() => models.getAttribute('class')).not.toContain('opacity') // its prices are those of now
      await tab.expectAccessible()
      await tab.shots('enrich')

      await page.getByRole('button', { name: /^Try it/ }).click()
      await page.getByText('Passed').first().waitFor()
      await page.locator('summary').first().click()
      await tab.expectAccessible()
      await tab.shots('enrich-tried')

      await page.getByRole('button', { name: /Enrich 60 products/ }).click()
      await page.getByRole('link', { name: /Review \d+ proposals/ }).waitFor({ timeout: 60_000 })
      await settled(page)
      await page.getByText('Practice, not AI.').first().waitFor()
      await tab.expectAccessible()
      await tab.shots('run-finished')
      await page.getByRole('heading', { level: 1, name: 'Enrich 60 products' }).waitFor() // its recipe has no name
      await expect.poll(() => page.getByRole('button', { name: 'Undo this run' }).count()).toBe(0) // nothing of it is in a product yet

      const { items } = await owner.call(listProposals, { query: { limit: 1 } })
      await owner.call(decideProposals, {
        body: { decisions: [{ id: items[0]!.id, decision: 'accept', over: items[0]!.current.changeId }] },
      })
      await page.reload()
      await page.getByRole('button', { name: 'Undo this run' }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Undo this run' }).click()
      await page.getByText('1 value went back').waitFor()
      await tab.close()
    })

    it('keeps a draft over a reload, marks what is wrong, and saves it under a name', async () => {
      const tab = await open({ as: await server().owner() })
      const { page } = tab
      await tab.visit('/enrich')
      await page.getByPlaceholder('clear and factual').fill('dry')
      await page.locator('summary').first().click()
      await page.getByLabel('Characters at most').first().fill('99999')
      await page.getByText(/1 to correct/).waitFor()
      await page.reload()
      await settled(page)
      await page.getByText(/1 to correct/).waitFor()
      await expect.poll(() => page.getByPlaceholder('clear and factual').inputValue()).toBe('dry')
      await tab.expectAccessible()
      await tab.shots('enrich-wrong')
      await page.locator('summary').first().click()
      await page.getByLabel('Characters at most').first().fill('120')
      await page.getByRole('button', { name: 'Save the recipe' }).click()
      await page.getByRole('dialog').getByLabel('Name').fill('Dry titles')
      await page.getByRole('dialog').getByRole('button', { name: 'Save the recipe' }).click()
      await page.getByText('“Dry titles” is saved').waitFor()
      await tab.visit('/recipes')
      await page.getByRole('link', { name: 'Dry titles' }).waitFor()
      await tab.expectAccessible()
      await tab.shots('recipes')
      await tab.close()
    })

    it('shows what failed with its reason, and says who may do what', async () => {
      const owner = await server().owner()
      const connectionId = await connectTo(owner, mock.url, 'mock')
      let number = 0
      script.of = () => ((number += 1) % 6 === 0 ? { status: 400, message: 'no such thing', type: 'invalid_request_error' } : undefined)
      const run = await runOver(owner, { servedBy: { connectionId, model: 'gpt-4o-mini' }, canary: 12 })
      expect(run.waitsForApproval).toBe(true)
      const tab = await open({ as: owner })
      await tab.visit(`/runs/${run.id}`)
      await tab.page.getByRole('button', { name: /Run the remaining 48 products/ }).waitFor()
      await tab.expectAccessible()
      await tab.shots('run-canary')
      await tab.page.getByRole('button', { name: /Run the remaining 48 products/ }).click()
      await tab.page.getByText(/products failed\. Their reasons/).waitFor({ timeout: 60_000 })
      await tab.page.getByRole('tab', { name: /Failed/ }).click()
      await tab.page.getByRole('link', { name: 'provider.request_refused' }).first().waitFor()
      await tab.expectAccessible()
      await tab.shots('run-failures')
      await tab.visit('/runs')
      await tab.expectAccessible()
      await tab.shots('runs')
      await tab.close()

      const viewer = await open({ as: await server().member('viewer') })
      await viewer.visit(`/runs/${run.id}`)
      await expect.poll(() => viewer.page.getByRole('button', { name: /Try .* again/ }).count()).toBe(0)
      await viewer.close()
    })

    it('compares models side by side, in French, and names the price of the chosen one', async () => {
      const owner = await server().owner()
      const tab = await open({ as: owner, language: 'fr' })
      const { page } = tab
      await tab.visit('/enrich')
      await page.getByRole('radio').first().waitFor()
      await page.getByRole('button', { name: 'Comparer un autre modèle' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Connexion').click()
      await page
        .getByRole('option', { name: /OpenAI/ })
        .first()
        .click()
      const model = dialog.getByLabel('Modèle', { exact: true })
      await dialog.getByRole('button', { name: 'Saisir un nom' }).click()
      await model.fill('gpt-4o-mini')
      await tab.shots('enrich-compare-dialog')
      await dialog.getByRole('button', { name: 'Chiffrer ce modèle' }).click()
      await expect.poll(() => page.getByRole('radio').count()).toBe(2)
      await page.getByRole('button', { name: /^Enrichir \d+ produits ?environ 0,0/ }).waitFor()
      await tab.expectAccessible()
      await page.getByRole('radio').first().scrollIntoViewIfNeeded()
      await tab.shots('enrich-compare')
      await page.getByRole('radio').first().check()
      await page.getByRole('button', { name: /^Enrichir \d+ produits ?gratuit/ }).waitFor()
      await tab.close()
    })

    it('speaks Arabic from right to left, on a phone too', async () => {
      const owner = await server().owner()
      const tab = await open({ as: owner, language: 'ar' })
      await tab.visit('/enrich')
      await tab.page.getByRole('radio').first().waitFor()
      await tab.expectAccessible()
      await tab.shots('enrich-ar')
      await tab.visit('/runs')
      await tab.expectAccessible()
      await tab.shots('runs-ar')
      const { items } = await owner.call(runs.listRuns, { query: {} })
      await tab.visit(`/runs/${items[0]!.id}`)
      await tab.expectAccessible()
      await tab.shots('run-ar')
      await tab.page.setViewportSize({ width: 390, height: 844 })
      const wide = await tab.page
        .locator('html')
        .evaluate((page: { scrollWidth: number; clientWidth: number }) => page.scrollWidth - page.clientWidth)
      expect(wide).toBeLessThanOrEqual(0)
      await tab.close()
    })

    it('has an empty state for runs and for products, and an error for a run that is none', async () => {
      const stranger = await server().stranger()
      const tab = await open({ as: stranger })
      await tab.visit('/runs')
      await tab.page.getByText('No runs yet').waitFor()
      await tab.expectAccessible()
      await tab.visit('/enrich')
      await tab.page.getByText('No products to enrich').waitFor()
      await tab.expectAccessible()
      await tab.visit('/runs/018f0000-0000-7000-8000-000000000000')
      await tab.page.getByText('There is no such run in this workspace.').waitFor()
      await tab.expectAccessible()
      await tab.close()
    })

    it('keeps showing progress over a reload', async () => {
      const owner = await server().owner()
      const connectionId = await connectTo(owner, mock.url, 'slow')
      script.of = () => undefined
      const { id: runId } = await owner.call(runs.addRun, {
        body: { selection: EVERYTHING, recipe: RECIPE, servedBy: { connectionId, model: 'gpt-4o-mini-slow' }, concurrency: 1 },
      })
      await planned(owner, runId)
      await owner.call(runs.startRun, { params: { runId } })
      const tab = await open({ as: owner })
      await tab.page.goto(`/runs/${runId}`)
      await tab.page.getByRole('progressbar').waitFor()
      await tab.page.reload()
      await tab.page.getByRole('progressbar').waitFor()
      await stopped(owner, runId)
      await tab.page.getByText('Finished').first().waitFor()
      await expect.poll(() => tab.page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
      await tab.close()
    })
  },
  { environment },
)
