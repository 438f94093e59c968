import { afterAll, beforeAll, expect, it } from 'vitest'
import * as catalogue from '../../src/contract/catalogue.ts'
import * as connections from '../../src/contract/connections.ts'
import * as gateway from '../../src/contract/gateway.ts'
import * as people from '../../src/contract/people.ts'
import * as recipes from '../../src/contract/recipes.ts'
import * as review from '../../src/contract/review.ts'
import * as runs from '../../src/contract/runs.ts'
import { bringFile } from '../support/bring-file.ts'
import { assign, planned, stopped } from '../support/enrichment.ts'
import { startMockProvider } from '../support/mock-provider.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled, type Surroundings } from './support/browser.ts'

// OUT-7: what people, files and providers write is text wherever it is shown. Each payload would raise a dialog, ask another host or
// break the policy of the page, all of which the browser's watch reports when the tab is closed.

const PAYLOAD = `"><img src=x onerror=alert(1)><svg onload=alert(2)><script>alert(3)</script><a href="javascript:alert(4)">x</a>{{7*7}}\${alert(5)}`
const SHORT = '<img src=x onerror=alert(1)>' // where a name has a limit
const MODEL = 'gpt-4.1-mini'

const mock = await startMockProvider({
  script: ({ number }) =>
    number === 1 ? { status: 400, message: PAYLOAD, type: PAYLOAD } : { content: JSON.stringify({ title: `Lamp ${PAYLOAD}` }) },
})
const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host }

const suite = ({ server, open }: Surroundings): void => {
  let owner: TestClient
  let paths: string[]
  beforeAll(async () => {
    owner = await server().owner()
    await owner.call(people.changeMe, { body: { name: SHORT } })
    await owner.call(people.changeWorkspace, { body: { name: SHORT } })
    await owner.call(people.invite, { body: { as: 'viewer', note: PAYLOAD } })
    await owner.call(people.makeApiToken, { body: { name: SHORT } })
    const connection = await owner.call(connections.addConnection, {
      body: {
        provider: 'openai',
        label: SHORT,
        key: `sk-test-${crypto.randomUUID()}`,
        destination: { baseUrl: `${mock.url}/v1`, headers: { 'x-note': SHORT } },
      },
    })
    await assign(owner, [
      { connectionId: connection.id, model: MODEL, rules: { families: [PAYLOAD] } },
      { connectionId: connection.id, model: MODEL },
    ])
    const cell = `"${PAYLOAD.replaceAll('"', '""')}"`
    const csv = `sku,name,family,picture,title,${cell}\nA-1,${cell},${cell},${cell},,${cell}\n${cell},Lamp,Lamps,javascript:alert(6),,x\n`
    await bringFile(owner, `${SHORT}.csv`, csv)
    const recipe = {
      tone: PAYLOAD.slice(0, 200),
      fields: [{ name: 'title', type: 'text', instructions: PAYLOAD }],
      glossary: [{ term: SHORT, use: SHORT }],
    }
    const stored = await owner.call(recipes.addRecipe, { body: { name: SHORT, recipe } })
    const run = await owner.call(runs.addRun, { body: { selection: { filter: {} }, recipe, recipeId: stored.id, concurrency: 1 } })
    await planned(owner, run.id)
    await owner.call(runs.startRun, { params: { runId: run.id } })
    await stopped(owner, run.id)
    const { key } = await owner.call(gateway.makeVirtualKey, { body: { name: SHORT, models: [PAYLOAD.slice(0, 60), 'gpt-*'] } })
    const { items } = await owner.call(catalogue.listProducts)
    const [first] = items
    await owner.call(review.writeValue, {
      params: { productId: first!.id, attribute: 'name' },
      body: { value: PAYLOAD, locale: null, over: null },
    })
    paths = [
      '/', '/catalogue', `/catalogue/${first!.id}`, `/catalogue/${items[1]!.id}`, '/runs', `/runs/${run.id}`, '/review', '/enrich', '/providers',
      `/providers/${connection.id}`, '/assignments', '/assignments/enrichment', '/consumption', '/gateway', `/gateway?key=${key.id}`, '/members', '/settings', '/account',
      `/catalogue?search=${encodeURIComponent(PAYLOAD)}`, `/nowhere/${encodeURIComponent(SHORT)}`,
    ] // prettier-ignore
  }, 120_000)

  afterAll(() => mock.stop())

  it('OUT-7: are text on every page: no dialog, no foreign request, no broken policy', async () => {
    const tab = await open({ as: owner })
    let shown = 0
    for (const path of paths) {
      await tab.page.goto(path)
      await settled(tab.page)
      await tab.page.waitForTimeout(200)
      if ((await tab.page.getByText('<img src=x onerror=alert(1)>').count()) > 0) shown += 1
      await expect.poll(() => tab.page.locator('img[src="x"], svg[onload], a[href^="javascript:"]').count(), { message: path }).toBe(0)
    }
    expect(shown).toBeGreaterThan(8) // it was there to be seen
    await tab.close()
  }, 120_000)
}
describeInBrowser('texts that are markup', suite, { environment })
