import { afterAll, expect, it } from 'vitest'
import { addConnection } from '../../src/contract/connections.ts'
import * as runs from '../../src/contract/runs.ts'
import { bringFile } from '../support/bring-file.ts'
import { EVERYTHING, planned, productFile, RECIPE, stopped } from '../support/enrichment.ts'
import { startMockBatches } from '../support/mock-batches.ts'
import { until } from '../support/until.ts'
import { describeInBrowser } from './support/browser.ts'

const mock = await startMockBatches('openai')
afterAll(() => mock.stop())
const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host }

describeInBrowser(
  'a run in batches, in a browser',
  ({ server, open }) => {
    it('shows what the provider has, how far that is and until when; then the run that it became', async () => {
      mock.held = true
      mock.ending = { end: 'completed', done: 31 }
      const owner = await server().owner()
      const body = {
        provider: 'openai',
        label: 'OpenAI, shop',
        destination: { baseUrl: `${mock.url}/v1` },
        key: 'sk-mock-0123456789abcdef',
      }
      const { id: connectionId } = await owner.call(addConnection, { body })
      await bringFile(owner, 'lamps.csv', productFile(100))
      const servedBy = { connectionId, model: 'gpt-4o-mini' }
      const asked = { selection: EVERYTHING, recipe: RECIPE, servedBy, steps: { batch: true } }
      const { id: runId } = await owner.call(runs.addRun, { body: asked })
      await planned(owner, runId)
      await owner.call(runs.startRun, { params: { runId } })
      await until(() => mock.batches[0]?.results.length === 31)

      const tab = await open({ as: owner })
      await tab.visit(`/runs/${runId}`)
      const section = tab.page.getByRole('region', { name: 'With the batch service' })
      await section.getByText('31 of 100 requests done').waitFor()
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
      expect(await stopped(owner, runId)).toMatchObject({ counts: { done: 100 } })
      await section.waitFor({ state: 'detached' })
      await tab.close()
    })
  },
  { environment },
)
