import type { Locator } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { recordGeneratedValues } from '../../src/catalogue/changes.ts'
import * as catalogue from '../../src/contract/catalogue.ts'
import * as people from '../../src/contract/people.ts'
import * as review from '../../src/contract/review.ts'
import { budgets, ledgerEntries, runs } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import type { TestClient, TestServer } from '../support/server.ts'
import { describeInBrowser, settled, type Tab } from './support/browser.ts'
import { listed } from '../support/bring-file.ts'

interface Reviewer {
  readonly client: TestClient
  readonly workspaceId: string
  readonly productIds: readonly string[]
}

/** Someone with the sample catalogue and a run that wrote descriptions and titles for `products` of it. */
async function reviewer(
  server: TestServer,
  { products, kind = 'generated' }: { products: number; kind?: 'generated' | 'practice' },
): Promise<Reviewer & { runId: string }> {
  const client = await server.stranger()
  const { source } = await client.call(catalogue.openSample)
  if (source.importing) for await (const _ of client.events(catalogue.watchImport, { params: { importId: source.importing } }));
  await listed(client)
  const { items } = await client.call(catalogue.listProducts, { query: { limit: products } })
  const workspaceId = (await client.call(people.readMe)).workspace!.id
  const productIds = items.map(({ id }) => id)
  const runId = await proposals(server, { workspaceId, productIds, names: items.map(({ name, identifier }) => name ?? identifier), kind })
  return { client, workspaceId, productIds, runId }
}

/** A run with a call for each product; every third title has a number that the product's data has not. */
async function proposals(
  server: TestServer,
  {
    workspaceId,
    productIds,
    names,
    kind,
  }: { workspaceId: string; productIds: readonly string[]; names: readonly string[]; kind: 'generated' | 'practice' },
): Promise<string> {
  const [runId, budgetId, connectionId] = [newId(), newId(), newId()]
  const at = new Date()
  await server.server.services.database.asSystem('values of a test', async (tx) => {
    await tx.insert(budgets).values({ id: budgetId, workspaceId, scope: `run:${runId}`, currency: 'USD' })
    await tx.insert(runs).values({
      id: runId,
      workspaceId,
      kind: 'enrichment',
      fingerprint: runId,
      series: '',
      settings: { recipeName: 'Titles' },
      state: 'finished',
      budgetId,
    })
    for (const [n, productId] of productIds.entries()) {
      const callId = newId()
      await tx.insert(ledgerEntries).values({
        id: callId,
        workspaceId,
        connectionId,
        keyVersion: 1,
        instance: 'test',
        actor: 'command',
        origin: `run:${runId}`,
        context: 'enrichment',
        attempt: 1,
        requestedModel: 'gpt-5.4-mini',
        servedModel: 'gpt-5.4-mini',
        outcome: 'succeeded',
        usage: { input_tokens: 1_468, output_tokens: 223 },
        usageSource: 'reported',
        costNano: 842_000n,
        costSource: 'price_book',
        currency: 'USD',
        budgetIds: [budgetId],
        chargedNano: 842_000n,
        intendedAt: at,
        sentAt: at,
        endedAt: at,
      })
      const common = {
        productId,
        locale: 'en',
        channel: null,
        state: 'proposed',
        provenance: { kind, callId, model: 'gpt-5.4-mini', connection: 'openai' },
        runId,
        workHash: 'hash',
      } as const
      const flags = n % 3 === 0 ? [{ reason: 'number_not_in_source' as const, text: '75 hours' }] : []
      await recordGeneratedValues(tx, workspaceId, [
        {
          ...common,
          id: newId(),
          attribute: 'title',
          value: `${names[n]}, made for years of daily use${n % 3 === 0 ? ' and 75 hours of light' : ''}`,
          flags,
        },
        {
          ...common,
          id: newId(),
          attribute: 'description',
          value: `A ${names[n]!.toLowerCase()} for homes that like things plain.\nEasy to clean, easy to mend.`,
          flags: [],
        },
      ])
    }
  })
  return runId
}

/** How high the entries of a list are, each height once. */
const heightsOf = async (list: Locator): Promise<number[]> => {
  const boxes = await Promise.all((await list.getByRole('button').all()).map((entry) => entry.boundingBox()))
  return [...new Set(boxes.map((box) => box!.height))]
}

const current = (tab: Tab) => tab.page.getByRole('article')

describeInBrowser('review, in a browser', ({ server, open }) => {
  let someone: Awaited<ReturnType<typeof reviewer>>
  beforeAll(async () => {
    someone = await reviewer(server(), { products: 20 })
  }, 60_000)

  it('an empty review says what it is for', async () => {
    const tab = await open({ as: await server().stranger() })
    await tab.visit('/review')
    await tab.page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('review-empty')
    await tab.close()
  })

  it('proposals are decided by keyboard alone: next, accept, reject, edit, undo', async () => {
    const { client, productIds } = await reviewer(server(), { products: 3 })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit('/review')
    await current(tab).waitFor()
    await tab.expectAccessible()
    await tab.shots('review')
    const waiting = async () => (await client.call(review.countProposals)).total
    await expect.poll(() => waiting()).toBe(6)

    await page.keyboard.press('a')
    await expect.poll(waiting).toBe(5)
    await page.keyboard.press('r')
    await expect.poll(waiting).toBe(4)
    await page.keyboard.press('e')
    await page.getByRole('textbox', { name: /^Text of/ }).waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('My own words')
    await tab.shots('review-editing')
    await page.keyboard.press('ControlOrMeta+Enter')
    await expect.poll(waiting).toBe(3)
    const [first, second] = await Promise.all(
      productIds.slice(0, 2).map((productId) => client.call(catalogue.readProduct, { params: { productId } })),
    )
    const kinds = ({ values }: catalogue.ProductView) =>
      values.filter(({ locale }) => locale === 'en').map(({ attribute, kind }) => [attribute, kind])
    expect(kinds(first!)).toEqual([['description', 'generated']]) // of the title nothing is left to show in English
    expect(kinds(second!)).toEqual(expect.arrayContaining([['description', 'person']]))
    expect(second!.values.filter(({ value }) => value === 'My own words')).toHaveLength(1)

    await page.keyboard.press('z')
    await expect.poll(waiting).toBe(4)
    await page.keyboard.press('k')
    await page.keyboard.press('j')
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await tab.expectAccessible()
    await tab.close()
  })

  it('rows of the list keep their heights when one before them is gone and another takes its place at the end', async () => {
    const { client } = await reviewer(server(), { products: 27 })
    const { items } = await client.call(review.listProposals)
    await client.call(review.decideProposals, { body: { decisions: [{ id: items[0]!.id, decision: 'reject' }] } })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit('/review')
    const list = page.getByRole('region', { name: 'Proposals' })
    const second = () => list.getByRole('button').nth(1).textContent()
    await expect.poll(second).toMatch(/^description/)
    for (const key of ['j', 'a', 'r', 'z']) await page.keyboard.press(key)
    await expect.poll(second).toMatch(/^title/) // the list is read anew: what was accepted is gone
    await expect.poll(() => heightsOf(list)).toHaveLength(1)
    await tab.close()
  })

  it('what someone else decided or changed meanwhile is said, and not done twice', async () => {
    const { client } = await reviewer(server(), { products: 1 })
    const tab = await open({ as: client })
    await tab.visit('/review')
    await current(tab).waitFor()
    const { items } = await client.call(review.listProposals)
    await client.call(review.decideProposals, { body: { decisions: items.map(({ id }) => ({ id, decision: 'reject' as const })) } })
    await tab.page.keyboard.press('a')
    await tab.page.keyboard.press('k')
    await tab.page.getByText('decided this before you').waitFor()
    expect((await client.call(review.listProposals)).items).toEqual([])
    await tab.close()
  })

  it('all that match are accepted in one step, with what it means said first, and undone in one', async () => {
    const { client, runId } = await reviewer(server(), { products: 12 })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit(`/review?runId=${runId}&attribute=title&flagged=false`)
    await page.getByText('8 proposals match').waitFor()
    await page.getByRole('button', { name: 'Accept all 8 that match' }).click()
    await page.getByRole('alertdialog').getByText('attribute title').waitFor()
    await tab.expectAccessible()
    await tab.shots('review-accept-all')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Accept all 8 that match' }).click()
    await page.getByText('8 proposals accepted').waitFor()
    await expect.poll(() => client.call(review.countProposals)).toMatchObject({ total: 16 })
    await page.keyboard.press('z')
    await expect.poll(async () => (await client.call(review.countProposals)).total).toBe(24)
    await tab.close()
  })

  it('when all of a run is decided, its review says so, and leads on', async () => {
    const { client, workspaceId, productIds, runId } = await reviewer(server(), { products: 2 })
    await proposals(server(), { workspaceId, productIds: productIds.slice(0, 1), names: ['Other'], kind: 'generated' })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit(`/review?runId=${runId}`)
    const all = page.getByRole('button', { name: /^Accept all/ })
    await all.click()
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Accept all/ })
      .click()
    await page.getByRole('heading', { name: 'Nothing of this run waits any more' }).waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Go to the catalogue')
    await page.getByRole('button', { name: 'Export' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('review-run-decided')
    await page.getByRole('button', { name: /^Review 2 other proposals/ }).click()
    await current(tab).waitFor()
    await tab.close()
  })

  it('flagged words stand out with the reason, and the mark says what the value cost', async () => {
    const tab = await open({ as: someone.client })
    const { page } = tab
    await tab.visit('/review?flagged=true')
    await current(tab).locator('mark', { hasText: '75 hours' }).first().waitFor()
    await current(tab).getByText('This number is not in the product’s data').first().waitFor()
    await current(tab).getByRole('button', { name: 'Generated' }).click()
    await page.getByRole('dialog').getByText('$0.000421').waitFor() // half of the call's $0.000842
    await tab.expectAccessible()
    await tab.shots('review-provenance')
    await tab.close()
  })

  it('practice results wear their band', async () => {
    const { client } = await reviewer(server(), { products: 2, kind: 'practice' })
    const tab = await open({ as: client })
    await tab.visit('/review')
    await tab.page.getByText('Practice, not AI.').waitFor()
    await tab.expectAccessible()
    await tab.shots('review-practice')
    await tab.close()
  })

  it('on a narrow screen one proposal follows the other, and is decided by thumb', async () => {
    const { client } = await reviewer(server(), { products: 2 })
    const tab = await open({ as: client, width: 390, height: 844 })
    const { page } = tab
    await tab.visit('/review')
    await current(tab).waitFor()
    await page.getByText('1 of 4').waitFor()
    await tab.expectAccessible()
    await page.getByRole('button', { name: 'Accept', exact: true }).click()
    await page.getByText('2 of 4').waitFor()
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await tab.close()
  })

  it('a value of a product is edited in place, kept from who writes at the same time, and undone', async () => {
    const { client, productIds } = await reviewer(server(), { products: 1 })
    const productId = productIds[0]!
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit(`/catalogue/${productId}`)
    await page.getByRole('region', { name: 'Proposal for title' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('product-values')
    await page.getByRole('button', { name: 'Edit title' }).click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('Mine')
    const value = async () => {
      const { values } = await client.call(catalogue.readProduct, { params: { productId } })
      return values.find(({ attribute }) => attribute === 'title')!
    }
    const before = await value()
    const theirs = await client.call(review.writeValue, {
      params: { productId, attribute: 'title' },
      body: { value: 'Theirs', locale: before.locale, over: before.changeId },
    })
    await page.getByRole('button', { name: /^Save/ }).click()
    await page.getByText('Someone changed “title” since you opened it').waitFor()
    await tab.shots('product-value-changed')
    await expect.poll(() => value()).toMatchObject({ value: 'Theirs', kind: 'person', changeId: theirs.current.changeId })
    await page.getByRole('button', { name: /^Save/ }).click() // now having seen theirs
    await page.getByText('title saved').waitFor()
    await expect.poll(() => value()).toMatchObject({ value: 'Mine', kind: 'person' })
    await page.keyboard.press('z')
    await expect.poll(async () => (await value()).value).toBe('Theirs')

    await page.getByRole('button', { name: 'History of title' }).click()
    await page.getByRole('dialog').getByText('Stands now').waitFor()
    await tab.expectAccessible()
    await tab.shots('product-history')
    await tab.close()
  })

  it('a run is undone as one step, from where its proposals are', async () => {
    const { client, runId, productIds } = await reviewer(server(), { products: 4 })
    const { items } = await client.call(review.listProposals)
    await client.call(review.decideProposals, {
      body: { decisions: items.slice(0, 6).map(({ id, current: { changeId: over } }) => ({ id, decision: 'accept' as const, over })) },
    })
    const mine = (await client.call(catalogue.readProduct, { params: { productId: productIds[0]! } })).values.find(
      ({ kind }) => kind === 'generated',
    )!
    await client.call(review.writeValue, {
      params: { productId: productIds[0]!, attribute: mine.attribute },
      body: { value: 'Mine', locale: mine.locale, over: mine.changeId },
    })
    const tab = await open({ as: client })
    const { page } = tab
    await tab.visit(`/review?runId=${runId}`)
    await page.getByRole('button', { name: 'Undo this run' }).click()
    await tab.expectAccessible()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Undo this run' }).click()
    await page.getByText('5 values went back').waitFor()
    await page.getByRole('dialog', { name: '1 value stays' }).getByText('a person wrote there since').waitFor()
    await tab.shots('review-run-undone')
    await tab.close()
  })

  it('speaks Arabic, from right to left, and French', async () => {
    for (const language of ['ar', 'fr'] as const) {
      const tab = await open({ as: someone.client, language })
      await tab.visit('/review')
      await current(tab).waitFor()
      await settled(tab.page)
      await expect.poll(() => tab.page.evaluate('document.documentElement.dir')).toBe(language === 'ar' ? 'rtl' : 'ltr')
      await tab.expectAccessible()
      await tab.shots(`review-${language}`)
      await tab.close()
    }
  })
})
