import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { readMe } from '../../src/contract/people.ts'
import { connections } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import { type MadeEntry, madeEntry, writeEntries } from '../support/entries.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const DAY_MS = 86_400_000
const MODELS = ['gpt-4o-mini', 'mistral-small-latest', 'claude-haiku-5-5', 'gpt-5-mini'] as const

describeInBrowser('consumption, in a browser', ({ server, open }) => {
  let owner: TestClient
  let workspaceId: string
  let explained: string

  beforeAll(async () => {
    owner = await server().owner()
    const { user, workspace } = await owner.call(readMe)
    workspaceId = workspace!.id
    const { database } = server().server.services
    const ids = [newId(), newId()] as const
    await database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values([
        {
          id: ids[0],
          workspaceId,
          provider: 'openai',
          label: 'Our OpenAI',
          slug: 'openai',
          destination: { baseUrl: 'https://api.openai.com/v1' },
        },
        {
          id: ids[1],
          workspaceId,
          provider: 'mistral',
          label: 'Mistral EU',
          slug: 'mistral',
          destination: { baseUrl: 'https://api.mistral.ai/v1' },
        },
      ]),
    )
    const now = Date.now()
    const entries = Array.from({ length: 600 }, (_, index): MadeEntry => {
      const model = MODELS[(index * 7) % MODELS.length]!
      const tokens = 400 + ((index * 37) % 900)
      return madeEntry(workspaceId, {
        intendedAt: new Date(now - 60_000 - Math.floor((index ** 1.3 / 600 ** 1.3) * 80 * DAY_MS)),
        connectionId: ids[model.startsWith('mistral') ? 1 : 0],
        actor: index % 3 === 0 ? 'command' : `user:${user.id}`,
        origin: index % 11 === 0 ? 'test' : `run:00000000-0000-7000-8000-0000000000${10 + Math.floor(index / 100)}`,
        requestedModel: model,
        usage: { input_tokens: tokens, cache_read_tokens: 1_024, output_tokens: 210 },
        costNano: index % 97 === 0 ? null : BigInt(tokens) * 1_500_000n,
        currency: model.startsWith('mistral') ? 'EUR' : 'USD',
        usageSource: index % 50 === 0 ? 'estimated' : 'reported',
        ...(index % 60 === 7
          ? {
              outcome: 'failed',
              errorCode: 'provider.rate_limited',
              status: 429,
              usage: null,
              usageSource: null,
              costNano: 0n,
              costSource: 'not_billed',
            }
          : {}),
        ...(index % 200 === 13
          ? { outcome: 'interrupted', errorCode: 'call.interrupted', usage: null, usageSource: null, costNano: null, costSource: null }
          : {}),
      })
    })
    const last = madeEntry(workspaceId, {
      intendedAt: new Date(now - 5_000),
      connectionId: ids[0],
      actor: `user:${user.id}`,
      origin: 'run:00000000-0000-7000-8000-000000000010',
      servedModel: 'gpt-4o-mini-2024-07-18',
      usage: { input_tokens: 812, cache_read_tokens: 1_024, output_tokens: 211 },
      inputParts: { system: 1_020, product: 790 },
      costNano: 325_200n,
      chargedNano: 325_200n,
      providerRequestId: 'req_8f2c1d',
      status: 200,
      priceRows: [
        'openai/gpt-4o-mini input_tokens=0.15 USD',
        'openai/gpt-4o-mini cache_read_tokens=0.075 USD',
        'openai/gpt-4o-mini output_tokens=0.6 USD',
      ],
      sentAt: new Date(now - 4_950),
      firstByteAt: new Date(now - 4_500),
      endedAt: new Date(now - 4_000),
    })
    explained = last.id
    await writeEntries(database, [...entries, last])
  })

  it('goes from the question, by day, down to the single call, and every step is in the address', async () => {
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/consumption?period=90d')
    await page.getByRole('heading', { name: 'What did each day cost?' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('consumption-days')
    await page.getByLabel('Group by').click()
    await page.getByRole('option', { name: 'Model' }).click()
    await page.getByRole('heading', { name: 'Which model cost what?' }).waitFor()
    await settled(page)
    await tab.expectAccessible()
    await tab.shots('consumption-models')
    await page.getByRole('row', { name: /gpt-4o-mini-2024-07-18/ }).click()
    await page.getByRole('list', { name: 'Filters' }).getByText('gpt-4o-mini-2024-07-18').waitFor()
    await page.getByRole('row', { name: /Run/ }).click()
    await page.getByRole('tab', { name: 'Single calls', selected: true }).waitFor()
    await page.getByRole('row', { name: /Our OpenAI/ }).click()
    const sheet = page.getByRole('dialog', { name: 'Call' })
    await sheet.getByText('How the cost comes about').waitFor()
    await expect.poll(() => sheet.getByRole('row', { name: /Input tokens/ }).innerText()).toMatch(/812\s+0\.15 per million\s+0\.0001218/)
    await tab.expectAccessible()
    await tab.shots('consumption-call')
    expect(page.url()).toContain(`call=${explained}`)
    await page.reload()
    await sheet.getByText('How the cost comes about').waitFor()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Remove the filter Model/ }).click()
    await tab.close()
  })

  it('says what is not in its sums, and lists the calls in question', async () => {
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/consumption?period=90d')
    await page.getByRole('button', { name: /^\d+ calls of unknown cost$/ }).click()
    await page.getByRole('tab', { name: 'Single calls', selected: true }).waitFor()
    await settled(page)
    const rows = page.getByRole('row').filter({ hasText: 'unknown' })
    await expect.poll(() => rows.count()).toBeGreaterThan(5)
    await tab.shots('consumption-calls')
    await tab.close()
  })

  it('is used by keyboard alone: bars by arrows, a bar opens its day', async () => {
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/consumption?period=30d')
    const bars = page.getByRole('group', { name: 'Days, each with its figures' }).getByRole('button')
    await tab.tabTo(bars.last())
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => bars.nth(28).evaluate((bar: { matches: (selector: string) => boolean }) => bar.matches(':focus'))).toBe(true)
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('from')).toBe(new Date(Date.now() - DAY_MS).toISOString().slice(0, 10))
    await tab.close()
  })

  it('downloads the table as CSV, with each currency in its own column', async () => {
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/consumption?period=90d&by=connection')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as CSV' }).click()])
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n')
    expect(lines[0]).toBe(
      'connection,name,cost_EUR,cost_USD,calls_of_unknown_cost,calls,failed_calls,interrupted_calls,estimated_calls,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,calls_of_unknown_usage',
    )
    expect(lines.slice(1).map((line) => line.split(',')[1])).toEqual(expect.arrayContaining(['Our OpenAI', 'Mistral EU', 'Total']))
    await tab.close()
  })

  it('is complete in Arabic, from right to left, and in French', async () => {
    for (const [language, name] of [
      ['ar', 'كم كلّف كل نموذج؟'],
      ['fr', 'Quel modèle a coûté combien ?'],
    ] as const) {
      const tab = await open({ as: owner, language })
      await tab.visit('/consumption?period=90d&by=model')
      await tab.page.getByRole('heading', { name }).waitFor()
      await tab.expectAccessible()
      await tab.shots(`consumption-${language}`)
      await tab.close()
    }
  })

  it('says what it is for where there is nothing yet, and what happened where it cannot be read', async () => {
    const stranger = await server().stranger()
    const tab = await open({ as: stranger })
    await tab.visit('/consumption')
    await tab.page.getByRole('heading', { name: 'No calls in this period' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('consumption-empty')
    await tab.page.route('**/api/v1/consumption?*', (route) =>
      route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: '',
          code: 'request.invalid',
          status: 422,
          detail: 'The period ends before it begins.',
          requestId: 'r',
        }),
      }),
    )
    await tab.visit('/consumption?period=7d')
    await tab.page.getByText('The period ends before it begins.').waitFor()
    await tab.expectAccessible()
    await tab.shots('consumption-error')
    await tab.close()
  })
})
