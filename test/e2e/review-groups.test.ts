import { beforeAll, expect, it } from 'vitest'
import { recordGeneratedValues } from '../../src/catalogue/changes.ts'
import * as catalogue from '../../src/contract/catalogue.ts'
import * as connections from '../../src/contract/connections.ts'
import * as people from '../../src/contract/people.ts'
import * as recipes from '../../src/contract/recipes.ts'
import * as review from '../../src/contract/review.ts'
import * as runs from '../../src/contract/runs.ts'
import { budgets, runs as runRows } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import { bringFile } from '../support/bring-file.ts'
import { assign, startedToEnd } from '../support/enrichment.ts'
import type { TestClient, TestServer } from '../support/server.ts'
import { describeInBrowser } from './support/browser.ts'

const PRODUCTS = 24
const FILE = ['sku,title,brand,material', ...Array.from({ length: PRODUCTS }, (_, n) => `L-${n},Lamp ${n} Acme,Acme,inox`)].join('\n')

/** Someone whose products have proposals that move the brand to the front, and some others. */
async function reviewer(server: TestServer): Promise<{ client: TestClient; sourceId: string }> {
  const client = await server.stranger()
  await bringFile(client, 'lamps.csv', FILE)
  const { items } = await client.call(catalogue.listProducts, { query: { limit: 100 } })
  const workspaceId = (await client.call(people.readMe)).workspace!.id
  const [runId, budgetId] = [newId(), newId()]
  await server.server.services.database.asSystem('values of a test', async (tx) => {
    await tx.insert(budgets).values({ id: budgetId, workspaceId, scope: `run:${runId}`, currency: 'USD' })
    const run = { id: runId, workspaceId, kind: 'enrichment', fingerprint: runId, series: '', budgetId }
    await tx.insert(runRows).values({ ...run, settings: { recipeName: 'Titles' }, state: 'finished' as const })
    const value = (productId: string, attribute: string, text: string) => ({
      id: newId(),
      productId,
      attribute,
      locale: 'en',
      channel: null,
      value: text,
      flags: [],
      state: 'proposed' as const,
      provenance: { kind: 'generated' as const, callId: newId(), model: 'gpt-5.4-mini', connection: 'openai' },
      runId,
      workHash: 'hash',
    })
    await recordGeneratedValues(
      tx,
      workspaceId,
      items.flatMap(({ id, identifier }, n) => [
        value(id, 'title', `Acme Lamp ${identifier.slice(2)}`),
        value(id, 'material', n % 3 === 0 ? 'steel' : 'inox, brushed'),
        ...(n < 4 ? [value(id, 'description', `A lamp of inox for desk ${'abcd'[n]}`)] : []),
      ]),
    )
  })
  return { client, sourceId: items[0]!.sourceId }
}

describeInBrowser('review by exception, in a browser', ({ server, open }) => {
  let someone: Awaited<ReturnType<typeof reviewer>>
  beforeAll(async () => {
    someone = await reviewer(server())
  }, 60_000)

  it('a group is sampled, judged by keyboard, and accepted with the bound that the sample gives', async () => {
    const { client } = someone
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit('/review/groups')
    const group = page.getByRole('listitem').filter({ hasText: '“brand” moved to the front' })
    await group.getByRole('button', { name: 'Examples' }).click()
    await group.getByRole('listitem').nth(2).waitFor()
    await tab.expectAccessible()
    await tab.shots('review-groups')
    await page.getByRole('combobox', { name: 'Sample size' }).click()
    await page.getByRole('option', { name: '20', exact: true }).click()
    await group.getByRole('button', { name: 'Draw a sample' }).click()
    await page.getByRole('article').waitFor()
    await tab.expectAccessible()
    await tab.shots('review-sample')
    for (let n = 0; n < 20; n += 1) {
      await page.getByText(`${n + 1} of 20`, { exact: true }).waitFor()
      await page.keyboard.press(n === 3 ? 'r' : 'a')
    }
    await page.getByText(/^1 of 20 wrong: with 95\s% confidence, at most \d of the 24 are wrong/).waitFor()
    await tab.shots('review-sample-result')
    await page.getByRole('button', { name: 'Accept the 23' }).click()
    await page.getByRole('heading', { name: 'The group is decided' }).waitFor()
    const { total } = await client.call(review.countProposals, { query: { attribute: 'title' } })
    expect(total).toBe(1)
    await tab.expectAccessible()
    await tab.close()
  }, 60_000)

  it('what was corrected three times alike is suggested as a rule, which can be deleted and brought back', async () => {
    const { client, sourceId } = someone
    const { items } = await client.call(review.listProposals, { query: { attribute: 'description' } })
    const decisions = items.map(({ id, proposed, current }, n) =>
      n < 3
        ? { id, decision: 'edit' as const, over: current.changeId, value: (proposed as string).replace('inox', 'stainless steel') }
        : { id, decision: 'reject' as const, reason: 'This one is no desk lamp' },
    )
    await client.call(review.decideProposals, { body: { decisions } })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit(`/sources/${sourceId}/memory`)
    await page.getByRole('heading', { name: 'What lamps.csv taught' }).waitFor()
    await page.getByText('from 3 products corrected alike').waitFor()
    await tab.expectAccessible()
    await tab.shots('memory')
    await page.getByRole('button', { name: 'Accept the rule' }).click()
    const rules = page.getByRole('list', { name: 'Rules', exact: true })
    await rules.getByText('stainless steel').waitFor()
    await page.getByRole('button', { name: 'Delete the rule for inox' }).click()
    await page.getByText('No rule yet.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).first().click()
    await rules.getByText('stainless steel').waitFor()
    await page.getByRole('searchbox', { name: 'Search corrections' }).fill('no desk')
    await expect.poll(() => page.getByRole('list', { name: 'Corrections' }).getByRole('listitem').count()).toBe(1)
    await tab.expectAccessible()
    await tab.close()
  }, 60_000)

  it('a changed recipe says what it makes stale, and exactly that is refreshed', async () => {
    const client = await server().stranger()
    await bringFile(client, 'lamps.csv', FILE)
    const { id: connectionId } = await client.call(connections.addConnection, { body: { provider: 'practice' } })
    await assign(client, [{ connectionId, model: 'practice-1' }])
    const recipe = (tone?: string) => ({
      fields: [
        { name: 'short', type: 'text', words: { max: 8 }, ...(tone ? { tone } : {}) },
        { name: 'long', type: 'text', words: { max: 20 } },
      ],
    })
    const { id: recipeId, version } = await client.call(recipes.addRecipe, { body: { name: 'Two texts', recipe: recipe() } })
    const { id } = await client.call(runs.addRun, { body: { selection: { filter: {}, except: [] }, recipeId } })
    await startedToEnd(client, id)
    await client.call(recipes.changeRecipe, { params: { recipeId }, body: { name: 'Two texts', recipe: recipe('dry'), version } })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit('/runs/stale')
    await page.getByRole('rowheader', { name: `${PRODUCTS} short en` }).waitFor()
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(1)
    const refresh = page.getByRole('button', { name: `Refresh ${PRODUCTS} values` })
    await refresh.waitFor()
    await tab.expectAccessible()
    await tab.shots('stale')
    await refresh.click()
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/)
    await page.goto('/catalogue')
    await page.getByRole('combobox', { name: 'Review' }).click()
    await page.getByRole('option', { name: 'With stale values' }).click()
    await page.getByText(`L-0`, { exact: true }).first().waitFor()
    await tab.close()
  }, 60_000)

  it('is the same from right to left', async () => {
    const tab = await open({ as: someone.client, language: 'ar' })
    await tab.visit('/review/groups')
    await tab.expectAccessible()
    await expect.poll(() => tab.page.locator('html').getAttribute('dir')).toBe('rtl')
    await tab.shots('review-groups-ar')
    await tab.visit(`/sources/${someone.sourceId}/memory`)
    await tab.shots('memory-ar')
    await tab.close()
  }, 60_000)
})
