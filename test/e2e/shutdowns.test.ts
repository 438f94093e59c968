import { afterAll, beforeAll, expect, it } from 'vitest'
import { replaceAssignment } from '../../src/contract/assignments.ts'
import { addConnection } from '../../src/contract/connections.ts'
import { tellShutdowns } from '../../src/server/watch-shutdowns.ts'
import { answerJson, startRawServer } from '../support/raw-server.ts'
import type { TestClient } from '../support/server.ts'
import { newSecret } from '../support/sweep.ts'
import { describeInBrowser } from './support/browser.ts'

// GPT-4o is shut down on 2027-01-14, and OpenAI names GPT-6 Luna in its place (the price book).
const provider = await startRawServer((_request, response) => answerJson(response, 200, { data: [{ id: 'gpt-4o' }, { id: 'gpt-6-luna' }] }))

describeInBrowser(
  'a model that is shut down, in a browser',
  ({ server, open }) => {
    let owner: TestClient
    beforeAll(async () => {
      owner = await server().owner()
      const destination = { baseUrl: `${provider.url}/v1` }
      const { id } = await owner.call(addConnection, {
        body: { provider: 'openai', label: 'OpenAI', destination, key: newSecret({ prefix: 'sk-' }) },
      })
      const candidates = [
        { connectionId: id, model: 'gpt-6-luna', fallbackOn: ['overloaded' as const] },
        { connectionId: id, model: 'gpt-4o' },
      ]
      await owner.call(replaceAssignment, { params: { context: 'enrichment' }, body: { version: 0, candidates } })
      await tellShutdowns(server().server.services)
    })
    afterAll(() => provider.stop())

    it('is said on the assignments and on the assignment, with its day and its successor', async () => {
      const tab = await open({ as: owner })
      const said = 'Candidate 2: its model shuts down on Jan 14, 2027. The provider names gpt-6-luna in its place.'
      await tab.visit('/assignments')
      await tab.page.getByText(said).waitFor()
      await tab.expectAccessible()
      await tab.shots('shutdown-assignments')
      await tab.visit('/assignments/enrichment')
      await tab.page.getByText(said).waitFor()
      await tab.page.getByText('Shuts down on Jan 14, 2027; the provider names gpt-6-luna in its place.').waitFor()
      await tab.expectAccessible()
      await tab.close()
    })

    it.each([
      ['en', 'Notices, 1 unread', '“gpt-4o” shuts down on Jan 14, 2027: name another model where it is used'],
      ['fr', 'Avis, 1 non lu', '« gpt-4o » s’arrête le 14 janv. 2027 : désignez un autre modèle là où il sert'],
      ['ar', 'الإشعارات، واحد غير مقروء', 'يتوقف «gpt-4o» في 14‏/01‏/2027: سمِّ نموذجًا آخر حيث يُستخدم'],
    ] as const)('is a notice that leads to the assignments: %s', async (language, bell, sentence) => {
      const tab = await open({ as: owner, language })
      await tab.visit('/')
      await tab.page.getByRole('button', { name: bell }).click()
      const link = tab.page.getByRole('link', { name: sentence })
      await link.waitFor()
      await tab.expectAccessible()
      await tab.shots(`shutdown-notice-${language}`)
      await link.click()
      await tab.page.waitForURL('**/assignments')
      await expect.poll(() => tab.page.locator('h1').count()).toBe(1)
      await tab.close()
    })
  },
  { environment: { LATCHKEY_PRIVATE_HOSTS: new URL(provider.url).host } },
)
