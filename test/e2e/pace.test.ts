import { beforeAll, expect, it } from 'vitest'
import { writeLearned } from '../../src/connections/learned.ts'
import { addConnection, type ConnectionView } from '../../src/contract/connections.ts'
import { readMe } from '../../src/contract/people.ts'
import { listNotices } from '../../src/contract/notices.ts'
import type { connectionPace } from '../../src/db/schema/index.ts'
import { beginNotice, endNotice } from '../../src/people/lasting-notices.ts'
import type { TestClient } from '../support/server.ts'
import { newSecret } from '../support/sweep.ts'
import { describeInBrowser } from './support/browser.ts'

describeInBrowser('what is learned of a connection, in a browser', ({ server, open }) => {
  let owner: TestClient
  let workspaceId: string
  beforeAll(async () => {
    owner = await server().owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
  })

  const add = (label: string, provider = 'openai'): Promise<ConnectionView> =>
    owner.call(addConnection, { body: { provider, label, key: newSecret({ prefix: 'sk-good-' }) } })

  /** As an instance of the server would write it. */
  const learn = (connectionId: string, learned: Partial<typeof connectionPace.$inferInsert>): Promise<void> => {
    const row = { workspaceId, connectionId, instance: 'an instance', seenAt: new Date(), ...learned }
    return server().server.services.database.inWorkspace(workspaceId, (tx) => writeLearned(tx, row))
  }

  it('its page says what its provider allows, what is left, and what its calls do about it', async () => {
    const { id } = await add('OpenAI at work')
    const tab = await open({ as: owner })
    await tab.visit(`/providers/${id}`)
    const section = tab.page.getByRole('region', { name: 'Pace and limits' })
    await section.getByText('Nothing yet.').waitFor()
    const atMs = Date.now()
    await learn(id, {
      inFlight: 12,
      waiting: 3,
      width: 16,
      widthCutAt: new Date(),
      limits: [
        { model: 'gpt-6-luna', kind: 'requests', limit: 500, remaining: 463, atMs, resetsAtMs: atMs + 45_000, refillPerMs: 500 / 60_000 },
        { model: 'gpt-6-luna', kind: 'tokens', limit: 200_000, remaining: 9_120, atMs, resetsAtMs: atMs + 48_000 },
        { model: 'a-house-model', kind: 'requests', windowMs: 86_400_000, limit: 14_400, remaining: 14_400, atMs },
        { model: 'a-house-model', kind: 'input-images', windowMs: 10_000, limit: 50, remaining: 49, atMs, resetsAtMs: atMs + 90_000 },
      ],
    })
    await section.getByText('requests per minute').waitFor() // live: nobody reloads the page
    const text = await section.innerText()
    for (const said of [
      '12 calls',
      'and 3 wait',
      '16 calls at the same time',
      'of 200,000 left',
      'requests per day',
      'input images per 10 seconds',
    ])
      expect(text.replaceAll(/\s/g, ' ')).toContain(said)
    await tab.expectAccessible()
    await section.getByText('a-house-model').scrollIntoViewIfNeeded()
    await tab.shots('pace')
    await tab.close()
  })

  it('a held and a failing connection say so, on their pages, in the list and in a notice that says when it is over', async () => {
    const [held, failing] = [await add('Anthropic', 'anthropic'), await add('Mistral', 'mistral')]
    const in2Minutes = new Date(Date.now() + 120_000)
    await learn(held.id, { heldUntil: in2Minutes, heldFor: 'provider.rate_limited', waiting: 4 })
    await learn(failing.id, {
      waiting: 7,
      circuitOpenSince: new Date(Date.now() - 180_000),
      circuitFailedProbes: 5,
      circuitNextProbeAt: new Date(Date.now() + 25_000),
    })
    const notice = { kind: 'connection.failing', subject: `connection:${failing.id}`, now: new Date() }
    const inWorkspace = server().server.services.database.inWorkspace
    await inWorkspace(workspaceId, (tx) => beginNotice(tx, { ...notice, workspaceId, roles: ['owner'], text: 'Mistral' }))
    const tab = await open({ as: owner })
    await tab.visit('/providers')
    await tab.page.getByText('failing: calls wait').first().waitFor()
    await tab.page.getByText('held: calls wait').first().waitFor()
    await tab.expectAccessible()
    await tab.shots('pace-list')
    await tab.visit(`/providers/${failing.id}`)
    await tab.page.getByText('the first that succeeds lets all go on').waitFor()
    await tab.expectAccessible()
    await tab.shots('pace-circuit')
    await tab.visit(`/providers/${held.id}`)
    await tab.page.getByText('The provider asked for no calls until').waitFor()
    await tab.shots('pace-held')
    await tab.page.getByRole('button', { name: /Notices/ }).click()
    await tab.page.getByRole('link', { name: '“Mistral” fails' }).waitFor()
    await inWorkspace(workspaceId, (tx) => endNotice(tx, notice))
    expect((await owner.call(listNotices)).items[0]).toMatchObject({ kind: 'connection.failing', endedAt: notice.now.toISOString() })
    await tab.page.reload()
    await tab.page.getByRole('button', { name: /Notices/ }).click()
    await tab.page.getByRole('link', { name: '“Mistral” failed and works again' }).waitFor()
    await tab.close()
  })
})
