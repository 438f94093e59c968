import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAssignments, replaceAssignment } from '../../src/contract/assignments.ts'
import { addConnection } from '../../src/contract/connections.ts'
import { listRateLimits } from '../../src/contract/budgets.ts'
import { listVirtualKeys, makeVirtualKey } from '../../src/contract/gateway.ts'
import { startUpstream } from '../support/gateway.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, type Surroundings } from './support/browser.ts'
import { textsOf } from './support/texts.ts'

/** The page looks again every few seconds. */
const PATIENTLY = { timeout: 15_000 }

/** Runs what a person pasted into a terminal. */
const paste = async (command: string): Promise<unknown> => JSON.parse((await promisify(execFile)('sh', ['-c', command])).stdout)

/** A provider that begins an answer and never ends it. */
const endless = await startUpstream((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n')
})

const suite = ({ server, open }: Surroundings): void => {
  let owner: TestClient
  afterAll(() => endless.close())
  beforeAll(async () => {
    owner = await server().owner()
  })

  it('without a provider names the one next step', async () => {
    const tab = await open({ as: owner })
    await tab.visit('/gateway')
    await tab.page.getByRole('heading', { name: 'No provider to pass requests on to' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('gateway-no-provider')
    await tab.page.getByRole('main').getByRole('link', { name: 'Add a provider' }).click()
    await tab.page.waitForURL('**/providers?add=provider')
    await tab.close()
  })

  it('a key is made, tried, pasted, seen at work and revoked', async () => {
    const practice = await owner.call(addConnection, { body: { provider: 'practice', label: 'Practice' } })
    await owner.call(addConnection, { body: { provider: 'openai', label: 'OpenAI at work', key: `sk-${'4'.repeat(40)}` } })
    const house = { provider: 'openai-compatible', label: 'House', slug: 'house', destination: { baseUrl: `${endless.origin}/v1` } }
    await owner.call(addConnection, { body: house })
    const { items } = await owner.call(listAssignments)
    const { version } = items.find(({ context }) => context === 'chat')!
    const candidates = [{ connectionId: practice.id, model: 'practice-1' }]
    await owner.call(replaceAssignment, { params: { context: 'chat' }, body: { version, candidates } })
    const tab = await open({ as: owner })
    const { page } = tab
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await tab.visit('/gateway')
    await page.getByRole('heading', { name: 'No virtual keys' }).waitFor()
    await tab.expectAccessible()
    await page.getByRole('button', { name: 'Make a virtual key' }).click()
    const form = page.getByRole('dialog', { name: 'Make a virtual key' })
    await form.getByLabel('Name', { exact: true }).fill('nightly job')
    await form.getByLabel('Budget').fill('5')
    await form.getByLabel('Requests per minute').fill('60')
    await tab.expectAccessible()
    await tab.shots('gateway-make')
    await form.getByRole('button', { name: 'Make a virtual key' }).click()

    const made = page.getByRole('region', { name: '“nightly job” is ready' })
    const token = await made.getByLabel('Token of the virtual key').inputValue()
    expect(token).toMatch(/^sk-lk-[\w-]{43}$/)
    await made.getByRole('button', { name: /Try it: ask context:chat.*free/ }).click()
    await made.getByText('Practice, not AI.').waitFor()
    const latest = page.getByRole('table', { name: 'Latest calls' })
    await expect.poll(() => latest.getByRole('row', { name: /nightly job.*practice-1.*Practice.*Succeeded/ }).count(), PATIENTLY).toBe(1)
    await tab.expectAccessible()
    await tab.shots('gateway-made')

    await made.getByRole('button', { name: 'Copy: OpenAI, POST /v1/chat/completions' }).click()
    const command = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(command).toContain(token)
    expect(await paste(command)).toMatchObject({ object: 'chat.completion', model: 'practice-1' })
    await expect.poll(() => latest.getByRole('row', { name: /nightly job/ }).count(), PATIENTLY).toBe(2) // nobody reloaded the page

    await made.getByRole('tab', { name: 'Coding assistants' }).click()
    await made.getByText('wire_api', { exact: false }).waitFor({ state: 'detached' }) // the practice provider speaks no Responses
    await made.getByText('Codex CLI ask in a way').waitFor()
    await made.getByRole('combobox', { name: 'Model' }).fill('gpt-6-sol')
    await page.getByRole('option', { name: 'openai/gpt-6-sol', exact: true }).click()
    await made.getByText('wire_api', { exact: false }).waitFor()
    await tab.expectAccessible()
    await made.getByRole('tab', { name: 'Coding assistants' }).evaluate((tabOf: { scrollIntoView: () => void }) => tabOf.scrollIntoView())
    await tab.shots('gateway-assistants')
    await made.getByRole('button', { name: 'I have kept it' }).click()
    expect(await page.content()).not.toContain(token)

    const keys = page.getByRole('table', { name: 'Virtual keys' })
    const row = keys.getByRole('row', { name: /nightly job/ })
    await expect.poll(() => row.innerText(), PATIENTLY).toMatch(/2 calls/)
    await expect.poll(() => row.innerText()).toContain(`…${token.slice(-4)}`)
    await expect.poll(() => row.innerText()).toContain('of $5.00 left')
    await row.click()
    const sheet = page.getByRole('dialog', { name: 'nightly job' })
    await sheet.getByText('What limits it').waitFor()
    await tab.expectAccessible()
    await tab.shots('gateway-key')
    await sheet.getByLabel('Name', { exact: true }).fill('nightly import')
    await sheet.getByRole('button', { name: 'Save the virtual key' }).click()
    await keys.getByRole('row', { name: /nightly import/ }).waitFor()
    await tab.expectAccessible()
    await tab.shots('gateway')

    await latest
      .getByRole('row', { name: /nightly import/ })
      .first()
      .click()
    await page.getByRole('dialog', { name: 'Call' }).getByText('Virtual key nightly import').waitFor()
    await page.keyboard.press('Escape')
    await keys.getByRole('button', { name: 'Revoke “nightly import”' }).click()
    const asked = page.getByRole('alertdialog', { name: 'Revoke “nightly import”?' })
    await asked.getByText('2 calls were made with it in the last hour.').waitFor()
    await tab.expectAccessible()
    await tab.shots('gateway-revoke')
    await asked.getByRole('button', { name: 'Revoke “nightly import”' }).click()
    await page.getByRole('heading', { name: 'No virtual keys' }).waitFor()
    expect(await paste(command)).toMatchObject({ error: { code: 'invalid_api_key' } })
    await tab.close()
  })

  it('a stream is seen while it runs, and cut when its key is revoked', async () => {
    const { token } = await owner.call(makeVirtualKey, { body: { name: 'endless' } })
    const response = await fetch(`${server().url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'house/a-model', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(response.status, await (response.ok ? '' : response.text())).toBe(200)
    const ended = response.text().then(
      (text) => text,
      () => 'broken off',
    )
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/gateway')
    const row = page.getByRole('table', { name: 'Latest calls' }).getByRole('row', { name: /endless.*a-model.*House.*Under way/ })
    await row.waitFor()
    await tab.shots('gateway-running')
    await row.click()
    const sheet = page.getByRole('dialog', { name: 'Call' })
    await sheet.getByText('It has not ended yet.').waitFor()
    await tab.expectAccessible()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Revoke “endless”' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText('1 call under way is cut within a second.').waitFor()
    await asked.getByRole('button', { name: 'Revoke “endless”' }).click()
    expect(await ended).toMatch(/error|broken off/)
    await page.getByRole('row', { name: /endless.*a-model.*House.*(?:Cancelled|Interrupted|Failed)/ }).waitFor()
    await tab.close()
  })

  it('a key whose limits cannot be set is not made', async () => {
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/gateway?make=true')
    await page.route('**/api/v1/rate-limits', (route) => route.abort())
    const form = page.getByRole('dialog', { name: 'Make a virtual key' })
    await form.getByLabel('Name', { exact: true }).fill('unlimited by accident')
    await form.getByLabel('Requests per minute').fill('60')
    await form.getByRole('button', { name: 'Make a virtual key' }).click()
    await form.getByRole('alert').waitFor()
    const named = async () => (await owner.call(listVirtualKeys)).items.filter(({ name }) => name === 'unlimited by accident')
    await expect.poll(named).toEqual([])
    expect((await owner.call(listRateLimits)).items.filter(({ name }) => name === 'unlimited by accident')).toEqual([])
    await tab.close().catch(() => undefined) // the aborted request is in its console
  })

  it('whoever may not make keys sees them, and an expired one is marked', async () => {
    const { key } = await owner.call(makeVirtualKey, {
      body: { name: 'for the shop', contexts: ['chat', 'vision'], models: ['practice-*', 'gpt-6-*'], days: 1 },
    })
    const { database } = server().server.services
    const { virtualKeys } = await import('../../src/db/schema/index.ts')
    await database.asSystem('a day passes in a test', (tx) => tx.update(virtualKeys).set({ expiresAt: new Date(Date.now() - 60_000) }))
    await owner.call(makeVirtualKey, { body: { name: 'chat of the support team', contexts: ['chat'] } })
    const tab = await open({ as: await server().member('viewer') })
    await tab.visit('/gateway')
    const row = tab.page.getByRole('row', { name: /for the shop/ })
    await row.getByText('expired').waitFor()
    expect((await row.innerText()).replaceAll(/[\u2066\u2069]/g, '')).toContain('Chat or Vision · practice-* or gpt-6-*')
    await expect.poll(() => tab.page.getByRole('button', { name: /Make a virtual key|Revoke/ }).count()).toBe(0)
    await row.click()
    await tab.page.getByRole('dialog', { name: 'for the shop' }).getByText(`sk-lk-…${key.lastFour}`).waitFor()
    await tab.expectAccessible()
    await tab.close()
  })

  it.each(['fr', 'ar'] as const)('in %s', async (language) => {
    const text = textsOf(language)
    const tab = await open({ as: owner, language })
    await tab.visit('/gateway')
    await tab.page.getByRole('heading', { name: text('gateway:programs.title') }).waitFor()
    await tab.expectAccessible()
    await tab.shots(`gateway-${language}`)
    await tab.page.getByRole('button', { name: text('gateway:make') }).click()
    await tab.page.getByRole('dialog').getByLabel(text('gateway:form.outputLimit')).waitFor()
    await tab.shots(`gateway-make-${language}`)
    await tab.close()
  })
}
describeInBrowser('the gateway’s page, in a browser', suite, { environment: { LATCHKEY_PRIVATE_HOSTS: endless.hostPort } })
