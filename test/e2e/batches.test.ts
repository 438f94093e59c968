import { afterAll, expect, it } from 'vitest'
import { addConnection } from '../../src/contract/connections.ts'
import * as runs from '../../src/contract/runs.ts'
import { bringFile } from '../support/bring-file.ts'
import { EVERYTHING, planned, stopped } from '../support/enrichment.ts'
import { startMockBatches } from '../support/mock-batches.ts'
import { SIBLING_RECIPE, siblingFile, siblingScript } from '../support/sibling-catalogue.ts'
import { until } from '../support/until.ts'
import { describeInBrowser } from './support/browser.ts'

const mock = await startMockBatches('openai', { script: siblingScript })
afterAll(() => mock.stop())
const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host }

describeInBrowser(
  'a run in batches, in a browser',
  ({ server, open }) => {
    it('shows what the provider has, how far that is and until when; then the run that it became', async () => {
      mock.held = true
      mock.ending = { end: 'completed', done: 11 }
      const owner = await server().owner()
      const body = {
        provider: 'openai',
        label: 'OpenAI, shop',
        destination: { baseUrl: `${mock.url}/v1` },
        key: 'sk-mock-0123456789abcdef',
      }
      const { id: connectionId } = await owner.call(addConnection, { body })
      await bringFile(owner, 'chairs.csv', siblingFile({ kinds: 36, without: 4 }))
      const servedBy = { connectionId, model: 'gpt-4o-mini' }
      const recipe = { ...SIBLING_RECIPE, perCall: 2 }
      const asked = { selection: EVERYTHING, recipe, servedBy, steps: { batch: true, rules: true, siblings: true } }
      const { id: runId } = await owner.call(runs.addRun, { body: asked })
      await planned(owner, runId)
      await owner.call(runs.startRun, { params: { runId } })
      await until(() => mock.batches[0]?.results.length === 11)

      const tab = await open({ as: owner })
      await tab.visit(`/runs/${runId}`)
      const section = tab.page.getByRole('region', { name: 'With the batch service' })
      await section.getByText('11 of 20 requests done').waitFor()
      await section.getByText(/^At the latest by /).waitFor()
      await tab.expectAccessible()
      await tab.shots('run-batches')
      const arabic = await open({ as: owner, language: 'ar' })
      await arabic.visit(`/runs/${runId}`)
      await arabic.page.getByText('لدى خدمة الدفعات').waitFor()
      await arabic.shots('run-batches-ar')
      await arabic.close()

      mock.ending = { end: 'completed' }
      mock.held = false
      expect(await stopped(owner, runId)).toMatchObject({ counts: { done: 184 } })
      await section.waitFor({ state: 'detached' })

      const savings = tab.page.getByRole('region', { name: 'What the steps saved' })
      for (const words of ['144 products filled in', '180 products', '20 calls fewer', '20 calls'])
        await savings.getByText(words, { exact: true }).waitFor()
      await savings.getByText('Had nothing to do here: Unchanged products · Prompt caching', { exact: false }).waitFor()
      await tab.expectAccessible()
      await savings.scrollIntoViewIfNeeded()
      await tab.shots('run-saved')
      await tab.close()
    })
  },
  { environment },
)
