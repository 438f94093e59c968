import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAssignments, readAssignment, replaceAssignment } from '../../src/contract/assignments.ts'
import { openSample } from '../../src/contract/catalogue.ts'
import { addConnection, type ConnectionView, listConnections, readConnection, revokeConnection } from '../../src/contract/connections.ts'
import { answerJson, startRawServer } from '../support/raw-server.ts'
import type { TestClient } from '../support/server.ts'
import { newSecret } from '../support/sweep.ts'
import { describeInBrowser, settled, type Tab } from './support/browser.ts'

/** Stands in for OpenAI; what it says of a key stands in the key. Made first: the server must allow its address. */
const provider = await startRawServer(({ path, headers }, response) => {
  const key = headers.authorization ?? ''
  const error = (status: number, message: string, code?: string) => answerJson(response, status, { error: { message, code } })
  if (!path.startsWith('/v1')) return error(404, 'Not found')
  if (key.includes('scope')) return error(401, 'Missing scopes: api.model.read')
  if (key.includes('poor')) return error(429, 'Quota', 'insufficient_quota')
  if (key.includes('quick')) return error(429, 'Slow down', 'rate_limit_exceeded')
  if (!key.includes('good')) return error(401, 'Incorrect API key', 'invalid_api_key')
  return answerJson(response, 200, { data: [{ id: 'gpt-4.1-mini' }, { id: 'gpt-4.1' }, { id: 'house-model' }] })
})
const { host } = new URL(provider.url)
const baseUrl = `${provider.url}/v1`

describeInBrowser(
  'providers and assignments, in a browser',
  ({ server, open }) => {
    let owner: TestClient
    beforeAll(async () => {
      owner = await server().owner()
    })
    afterAll(() => provider.stop())

    const add = (change: object = {}): Promise<ConnectionView> =>
      owner.call(addConnection, {
        body: { provider: 'openai', destination: { baseUrl }, key: newSecret({ prefix: 'sk-good-' }), ...change },
      })
    const button = ({ page }: Tab, name: string | RegExp) => page.getByRole('button', { name })
    const openKeyStep = async (tab: Tab): Promise<void> => {
      await tab.visit('/providers?add=provider')
      await button(tab, /^OpenAI api/).click()
      await tab.page.getByText('Address, organisation, extra headers').click()
      await tab.page.getByRole('combobox', { name: 'Address' }).click()
      await tab.page.getByRole('option', { name: 'Another address' }).click()
      await tab.page.getByLabel('Base URL').fill(baseUrl)
    }

    it('without a provider both pages say what they are for and what to do', async () => {
      const tab = await open({ as: owner })
      await tab.visit('/providers')
      await tab.page.getByRole('heading', { name: 'No provider yet' }).waitFor()
      await tab.expectAccessible()
      await tab.shots('providers-empty')
      await tab.visit('/assignments')
      await tab.page.getByText('There is no active provider yet').waitFor()
      await expect.poll(() => tab.page.getByText('nothing uses it yet').count()).toBe(8)
      await tab.expectAccessible()
      await tab.shots('assignments-empty')
      await tab.close()
    })

    it('adds the practice provider and assigns it, with the keyboard alone', async () => {
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/providers')
      await tab.tabTo(button(tab, 'Add a provider'))
      await page.keyboard.press('Enter')
      await tab.tabTo(button(tab, /Practice provider/))
      await tab.expectAccessible()
      await tab.shots('providers-choose')
      await page.keyboard.press('Enter')
      await tab.tabTo(button(tab, 'Add the practice provider'))
      await page.keyboard.press('Enter')
      const assign = page.getByRole('link', { name: 'Assign it to enrichment' })
      await tab.tabTo(assign)
      await tab.expectAccessible()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Enrichment', level: 1 }).waitFor()
      // its only model is chosen already
      await expect.poll(() => page.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('practice-1')
      await page.getByText('Practice, not AI.').waitFor()
      await tab.tabTo(button(tab, 'Save who serves Enrichment'))
      await page.keyboard.press('Enter')
      await page.getByText('Enrichment is assigned.').waitFor()
      await tab.expectAccessible()
      const { candidates } = await owner.call(readAssignment, { params: { context: 'enrichment' } })
      expect(candidates).toMatchObject([{ model: 'practice-1', connection: { provider: 'practice' } }])
      await tab.close()
    })

    it.each([
      ['sk-scope-', 'The key is good, with limits', 'Key page'],
      ['sk-wrong-', 'The key is not accepted', 'Key page'],
      ['sk-poor-', 'The account has no credit', 'Usage'],
      ['sk-quick-', 'Too many requests for the moment', 'Limits'],
    ])('a key %s: %s, with the page where something can be done', async (prefix, title, link) => {
      const tab = await open({ as: owner })
      await openKeyStep(tab)
      await tab.page.getByLabel('Key', { exact: true }).fill(newSecret({ prefix }))
      await button(tab, 'Test the key').click()
      const note = tab.page.getByRole(prefix === 'sk-wrong-' ? 'alert' : 'status').filter({ hasText: title })
      await note.waitFor()
      await note.getByRole('link', { name: link }).waitFor()
      await tab.expectAccessible()
      await tab.shots(`provider-test-${prefix.slice(3, -1)}`)
      await tab.close()
    })

    it('a wrong host and one that is away are told apart, and the key is judged in neither', async () => {
      const tab = await open({ as: owner })
      await openKeyStep(tab)
      await tab.page.getByLabel('Base URL').fill(`${provider.url}/elsewhere`)
      await tab.page.getByLabel('Key', { exact: true }).fill(newSecret({ prefix: 'sk-good-' }))
      await button(tab, 'Test the key').click()
      await tab.page.getByText('Something else answers there').waitFor()
      await tab.page.getByLabel('Base URL').fill('http://10.1.2.3/v1')
      await button(tab, 'Test the key').click()
      await tab.page.getByText('LATCHKEY_PRIVATE_HOSTS').waitFor()
      await expect.poll(() => tab.page.getByText('Something else answers there').count()).toBe(0) // that was the other address
      await tab.page.getByRole('link', { name: 'destination.refused' }).waitFor()
      await tab.close()
    })

    it('a key that the provider refuses is not saved; the right one is, and never comes back to the page', async () => {
      const before = (await owner.call(listConnections)).items.length
      const tab = await open({ as: owner })
      const { page } = tab
      await openKeyStep(tab)
      await page.getByLabel('Label').fill('Our OpenAI')
      await page.getByLabel('Key', { exact: true }).fill(newSecret({ prefix: 'sk-wrong-' }))
      await button(tab, 'Test and save').click()
      await page.getByText('The key is not accepted').waitFor()
      await button(tab, 'Save anyway').waitFor()
      expect((await owner.call(listConnections)).items).toHaveLength(before)
      const key = newSecret({ prefix: 'sk-good-' })
      await page.getByLabel('Key', { exact: true }).fill(key)
      await button(tab, 'Test and save').click()
      await page.getByRole('heading', { name: 'Our OpenAI is saved' }).waitFor()
      await tab.shots('provider-saved')
      await button(tab, 'Later').click()
      await page
        .getByText(`••••${key.slice(-4)}`)
        .first()
        .waitFor()
      expect(await page.content()).not.toContain(key.slice(0, 20))
      await tab.expectAccessible()
      await tab.shots('providers')
      await page.getByRole('link', { name: 'Our OpenAI' }).click()
      await page.getByRole('heading', { name: 'Our OpenAI', level: 1 }).waitFor()
      expect(await page.content()).not.toContain(key.slice(0, 20))
      await tab.close()
    })

    it('one connection: tested, its key replaced, limited, priced, revoked with what stops, deleted', async () => {
      await add({ label: 'Another', slug: 'taken' })
      const { id } = await add({ label: 'Second account', slug: 'second' })
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit(`/providers/${id}`)
      await button(tab, 'Test the key').click()
      await page.getByText('The key works').waitFor()
      await tab.expectAccessible()
      await tab.shots('provider')

      await button(tab, 'Replace the key').click()
      await page.getByLabel('New key').fill(newSecret({ prefix: 'sk-wrong-' }))
      await button(tab, 'Test and replace the key').click()
      await page.getByText('The key is not accepted').waitFor()
      await tab.expectAccessible()
      await tab.shots('provider-replace')
      await page.getByLabel('New key').fill(newSecret({ prefix: 'sk-good-' }))
      await button(tab, 'Test and replace the key').click()
      await page.getByText('Second account has its new key').waitFor()

      await page.getByRole('radio', { name: 'only these' }).click()
      await expect.poll(() => button(tab, 'Save name and contexts').isDisabled()).toBe(true)
      await page.getByRole('checkbox', { name: 'Chat' }).click()
      await page.getByLabel('Slug').fill('taken')
      await button(tab, 'Save name and contexts').click()
      await page.getByText('Another connection has the slug').waitFor()
      await page.getByLabel('Slug').fill('second-account')
      await button(tab, 'Save name and contexts').click()
      await page.getByText('Saved', { exact: true }).waitFor()

      await button(tab, 'Add prices of a model').click()
      await page.getByLabel('Model', { exact: true }).fill('house-*')
      await page.getByLabel('Input', { exact: true }).fill('0.25')
      await page.getByLabel('Output', { exact: true }).fill('1')
      await button(tab, 'Save own prices').click()
      await expect.poll(async () => (await owner.call(readConnection, { params: { connectionId: id } })).prices).not.toBeNull()
      await expect
        .poll(() => owner.call(readConnection, { params: { connectionId: id } }))
        .toMatchObject({
          slug: 'second-account',
          contexts: ['chat'],
          key: { version: 2 },
          prices: { currency: 'USD', models: { 'house-*': { input_tokens: '0.25', output_tokens: '1' } } },
        })

      const candidates = [{ connectionId: id, model: 'house-model' }]
      await owner.call(replaceAssignment, { params: { context: 'chat' }, body: { version: 0, candidates } })
      await button(tab, 'Revoke Second account').click()
      await page.getByText('Chat: all of it, house-model is its only candidate.').waitFor()
      await tab.expectAccessible()
      await tab.shots('provider-revoke')
      await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke Second account' }).click()
      await page.getByText('revoked', { exact: true }).waitFor()
      await tab.visit('/assignments')
      await page.getByText('its provider was revoked').waitFor()
      await tab.visit(`/providers/${id}`)
      await button(tab, 'Delete Second account').click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Delete Second account' }).click()
      await page.getByText('Second account is deleted').waitFor()
      await expect.poll(() => page.getByRole('link', { name: 'Second account' }).count()).toBe(0)
      await tab.close()
    })

    it('an assignment: order by keyboard, rules in sentences, who takes over, and a product to try it on', async () => {
      await owner.call(openSample)
      const cheap = await add({ label: 'Cheap', slug: 'cheap' })
      const premium = await add({ label: 'Premium', slug: 'premium' })
      const { version } = await owner.call(readAssignment, { params: { context: 'enrichment' } })
      await owner.call(replaceAssignment, {
        params: { context: 'enrichment' },
        body: {
          version,
          candidates: [
            { connectionId: premium.id, model: 'gpt-4.1' },
            { connectionId: cheap.id, model: 'gpt-4.1-mini' },
          ],
        },
      })
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/assignments/enrichment')
      await page.getByText('it is never asked').waitFor()
      await page.getByText('in, ').first().waitFor() // prices of the models are there
      const first = page.getByRole('listitem', { name: 'Candidate 1' })
      const second = page.getByRole('listitem', { name: 'Candidate 2' })
      await tab.tabTo(button(tab, 'Move Candidate 2 up'))
      await page.keyboard.press('Alt+ArrowUp')
      await expect.poll(() => first.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('gpt-4.1-mini')
      await first.getByRole('button', { name: 'Add a rule' }).click()
      await page.getByRole('menuitem', { name: 'Only records of this length' }).click()
      await first.getByLabel('At most, characters').fill('90')
      await first.getByText('When it fails:').click()
      await first.getByRole('checkbox', { name: 'It is overloaded' }).click()
      await second.getByRole('button', { name: 'Add a rule' }).click()
      await page.getByRole('menuitem', { name: 'Only products of these families' }).click()
      await expect.poll(() => button(tab, 'Save who serves Enrichment').isDisabled()).toBe(true) // no family is named yet
      await second.getByRole('button', { name: /^Remove the rule/ }).click()
      await tab.expectAccessible()
      await tab.shots('assignment')
      // leaving asks first
      await page.getByRole('link', { name: 'All assignments' }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click()
      await button(tab, 'Save who serves Enrichment').click()
      await page.getByText('Enrichment is assigned.').waitFor()
      const saved = await owner.call(readAssignment, { params: { context: 'enrichment' } })
      expect(saved.candidates).toMatchObject([
        { model: 'gpt-4.1-mini', rules: { inputCharacters: { atMost: 90 } }, fallbackOn: ['overloaded'] },
        { model: 'gpt-4.1', rules: {}, fallbackOn: [] },
      ])
      expect(saved.warnings.map(({ code }) => code)).toEqual(['model_shutdown', 'model_shutdown']) // GPT-4.1 and its mini, on 2027-01-14

      await page.getByRole('combobox', { name: 'Product' }).click()
      await page.getByRole('option').first().click()
      await page.getByText('is asked', { exact: true }).waitFor()
      await page.getByText(/Its record has \d+ characters/).waitFor()
      await tab.expectAccessible()
      await tab.shots('assignment-preview')
      await tab.visit('/assignments')
      await page.getByText('Records of at most 90 characters').waitFor()
      await tab.expectAccessible()
      await tab.shots('assignments')

      // someone else saves first
      await tab.visit('/assignments/enrichment')
      await button(tab, 'Take Candidate 2 out').click()
      const body = { version: saved.version, candidates: [{ connectionId: premium.id, model: 'gpt-4.1' }] }
      await owner.call(replaceAssignment, { params: { context: 'enrichment' }, body })
      await button(tab, 'Save who serves Enrichment').click()
      await page.getByRole('link', { name: 'assignment.changed' }).waitFor()
      await button(tab, 'Load it again').click()
      await expect.poll(() => page.getByRole('listitem', { name: /^Candidate \d/ }).count()).toBe(1)
      await tab.close()
    })

    it('a context of its own is added and removed', async () => {
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/assignments')
      await button(tab, 'Add a context').click()
      await page.getByLabel('Name').fill('chat')
      await page.getByRole('dialog').getByRole('button', { name: 'Add a context' }).click()
      await page.getByText('There is a context "chat" already').waitFor()
      await page.getByLabel('Name').fill('newsletter')
      await page.getByRole('dialog').getByRole('button', { name: 'Add a context' }).click()
      await page.getByRole('heading', { name: 'newsletter', level: 1 }).waitFor()
      await settled(page)
      await button(tab, 'Remove newsletter').click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove newsletter' }).click()
      await page.getByText('newsletter is removed').waitFor()
      expect((await owner.call(listAssignments)).items.some(({ context }) => context === 'newsletter')).toBe(false)
      await tab.close()
    })

    it.each(['/providers', '/assignments', '/assignments/enrichment'])(
      '%s: an error says what happened, and can be tried again',
      async (path) => {
        const tab = await open({ as: owner })
        const { page } = tab
        const problem = { type: 'about:blank', code: 'unexpected', status: 500, detail: 'It broke.', requestId: 'r-1' }
        let broken = true
        await page.route(/\/api\/v1\/(connections|assignments)/, (route) =>
          broken
            ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) })
            : route.fallback(),
        )
        await tab.visit(path)
        await page.getByText('It broke.').first().waitFor()
        await tab.expectAccessible()
        broken = false
        await button(tab, 'Try again').click()
        await expect.poll(() => page.getByText('It broke.').count()).toBe(0)
        await tab.close()
      },
    )

    it('who may only read sees it all and is offered nothing to change', async () => {
      const revoked = await add({ label: 'Gone' })
      await owner.call(revokeConnection, { params: { connectionId: revoked.id } })
      const viewer = await server().member('viewer')
      const tab = await open({ as: viewer })
      const { page } = tab
      await tab.visit('/providers')
      await page.getByRole('link', { name: 'Gone' }).waitFor()
      await expect.poll(() => button(tab, 'Add a provider').count()).toBe(0)
      await tab.visit(`/providers/${revoked.id}`)
      await expect.poll(() => button(tab, /Replace|Revoke|Delete|Test/).count()).toBe(0)
      await tab.visit('/assignments/enrichment')
      await expect.poll(() => button(tab, /Save|Move|Take|Add/).count()).toBe(0)
      await tab.expectAccessible()
      await tab.close()
    })

    it.each(['fr', 'ar'] as const)('is complete and accessible in %s, down to 390 pixels', async (language) => {
      const { items } = await owner.call(listConnections)
      const shown = items.find(({ status, practice }) => status === 'active' && !practice)!
      const tab = await open({ as: owner, language, width: 390, height: 844 })
      for (const [name, path] of [
        ['providers', '/providers'],
        ['providers-choose', '/providers?add=provider'],
        ['provider', `/providers/${shown.id}`],
        ['assignments', '/assignments'],
        ['assignment', '/assignments/enrichment'],
      ] as const) {
        await tab.visit(path)
        await tab.expectAccessible()
        const overflow = await tab.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        expect(overflow, `${path} is wider than the screen`).toBeLessThanOrEqual(0)
        await tab.shots(`${name}-${language}`)
      }
      await tab.close()
    })
  },
  { environment: { LATCHKEY_PRIVATE_HOSTS: host } },
)
