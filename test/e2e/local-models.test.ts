import { afterAll, expect, it } from 'vitest'
import * as connections from '../../src/contract/connections.ts'
import type { discoverLocal } from '../../src/contract/local-models.ts'
import type { RouteAnswer } from '../../src/contract/route.ts'
import { startMockOllama } from '../support/mock-ollama.ts'
import { describeInBrowser } from './support/browser.ts'

const GB = 1_000_000_000
const LIBRARY = {
  'llama3.2:3b': { layers: [2 * GB, 8_000_000], parameters: '3.2B' },
  'qwen3:8b': { layers: [5 * GB], family: 'qwen3', parameters: '8.2B' },
  'gemma3:4b': { layers: [3.3 * GB], family: 'gemma3', parameters: '4.3B' },
  'gpt-oss:120b-cloud': { layers: [], parameters: '116.8B', quantization: 'MXFP4' },
}
const ollama = await startMockOllama({ library: LIBRARY, installed: ['qwen3:8b', 'llama3.2:3b', 'gpt-oss:120b-cloud'] })
const { host } = new URL(ollama.url)
afterAll(() => ollama.stop())

/** What the server would find if the mock had Ollama's own port. */
const found: RouteAnswer<typeof discoverLocal> = {
  allow: 'localhost:1234,localhost:8000',
  items: [
    {
      provider: 'ollama', host, baseUrl: ollama.url, state: 'found', connectionId: null,
      models: [
        { id: 'llama3.2:3b', files: { sizeBytes: 2.008 * GB, family: 'llama', parameters: '3.2B', quantization: 'Q4_K_M', loaded: null, runsAt: null } },
        { id: 'qwen3:8b', files: { sizeBytes: 5 * GB, family: 'qwen3', parameters: '8.2B', quantization: 'Q4_K_M', loaded: null, runsAt: null } },
        { id: 'gpt-oss:120b-cloud', files: { sizeBytes: null, family: 'gptoss', parameters: '116.8B', quantization: 'MXFP4', loaded: null, runsAt: 'ollama.com' } },
      ],
    },
    { provider: 'lmstudio', host: 'localhost:1234', baseUrl: 'http://localhost:1234/v1', state: 'not_allowed', connectionId: null, models: [] },
    { provider: 'vllm', host: 'localhost:8000', baseUrl: 'http://localhost:8000/v1', state: 'not_allowed', connectionId: null, models: [] },
  ],
} // prettier-ignore

describeInBrowser(
  'local models',
  ({ server, open }) => {
    let connectionId = ''

    it('a server that was found is added with one click, free of charge', async () => {
      const owner = await server().owner()
      const tab = await open({ as: owner })
      const { page } = tab
      await page.route('**/api/v1/connections/local-servers', (route) => route.fulfill({ json: found }))
      await tab.visit('/providers?add=provider')
      await page.getByText('3 models, 7 GB').waitFor()
      await page.getByText('runs at ollama.com').waitFor()
      await page.getByText('Not looked at: localhost:1234, localhost:8000').click()
      await expect
        .poll(() => page.getByRole('textbox', { name: 'What the operator sets' }).inputValue())
        .toBe('LATCHKEY_PRIVATE_HOSTS=localhost:1234,localhost:8000')
      await tab.expectAccessible()
      await tab.shots('local-found')
      await page.getByRole('button', { name: 'Add Ollama as free' }).click()
      await page.getByText('It has no key.').waitFor()
      const { items } = await owner.call(connections.listConnections)
      expect(items).toMatchObject([
        { provider: 'ollama', destination: { baseUrl: ollama.url }, key: null, prices: { models: { '*': { input_tokens: '0' } } } },
      ])
      connectionId = items[0]!.id
      const { items: models } = await owner.call(connections.listConnectionModels, { params: { connectionId } })
      expect(models.every(({ free }) => free)).toBe(true)
      await tab.close()
    })

    it('its models stand on its page with their sizes; another one is fetched, watched and cancelled', async () => {
      const tab = await open({ as: await server().owner() })
      const { page } = tab
      await tab.visit(`/providers/${connectionId}`)
      const models = page.getByRole('region', { name: 'Models' })
      await models.getByText('5 GB').waitFor()
      await models.getByText('runs at ollama.com').waitFor()
      await page.getByLabel('Name of the model').fill('evil.internal/a/b')
      await page.getByRole('button', { name: 'Fetch evil.internal/a/b' }).click()
      await page.getByText('This is no name in the server’s library').waitFor()
      await page.getByLabel('Name of the model').fill('gemma3:4b')
      ollama.pace.pieceMs = 900
      await page.getByRole('button', { name: 'Fetch gemma3:4b' }).click()
      await page.getByText(/left$/).waitFor()
      expect(Number(await page.getByRole('progressbar', { name: 'Fetching gemma3:4b' }).getAttribute('aria-valuenow'))).toBeGreaterThan(0)
      await tab.expectAccessible()
      await tab.shots('local-fetching')
      await page.getByRole('button', { name: 'Cancel gemma3:4b' }).click()
      await page.getByText('What was fetched is kept by the server').waitFor()
      ollama.pace.pieceMs = 10
      await page.getByRole('button', { name: 'Fetch gemma3:4b again' }).click()
      await models.getByRole('cell', { name: '3.3 GB' }).waitFor()
      await page.getByLabel('Name of the model').fill('no-such-model:1b')
      await page.getByRole('button', { name: 'Fetch no-such-model:1b' }).click()
      await page.getByText('The library has no model of this name.').waitFor()
      await page.getByText('Fetch a model').scrollIntoViewIfNeeded()
      await tab.shots('local-fetched')
      await tab.close()
    })

    it('an hour of the machine gets its price, worked out before it is saved', async () => {
      const owner = await server().owner()
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit(`/providers/${connectionId}`)
      await page.getByText('Calls over this connection cost nothing.').waitFor()
      await page.getByLabel('Price of an hour').fill('0.45')
      await page.getByText('At $0.45 an hour, a call of 90 seconds costs $0.01125').waitFor()
      await tab.shots('local-hourly')
      await page.getByRole('button', { name: 'Save own prices' }).click()
      await page.getByText('Saved').waitFor()
      const { prices } = await owner.call(connections.readConnection, { params: { connectionId } })
      expect(prices).toEqual({ currency: 'USD', models: { '*': { input_tokens: '0', output_tokens: '0' } }, hourly: '0.45' })
      await tab.close()
    })
  },
  { environment: { LATCHKEY_PRIVATE_HOSTS: host } },
)
