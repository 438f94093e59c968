import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../../src/contract/budgets.ts'
import { readMe } from '../../src/contract/people.ts'
import { newId } from '../../src/runtime/ids.ts'
import { bringFile } from '../support/bring-file.ts'
import { connectTo, productFile, runOver } from '../support/enrichment.ts'
import { settled as settlementOf } from '../support/ledger-call.ts'
import { startMockProvider } from '../support/mock-provider.ts'
import type { TestClient } from '../support/server.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const mock = await startMockProvider()
afterAll(() => mock.stop())
const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host }

describeInBrowser(
  'budgets and rate limits, in a browser',
  ({ server, open }) => {
    let owner: TestClient
    let connectionId: string
    beforeAll(async () => {
      owner = await server().owner()
      connectionId = await connectTo(owner, mock.url, 'mock')
    })

    /** Calls as the gateway would make them: each costs what it may cost at most; the last ones are still under way. */
    async function spend({ usd, times, underWay = 0 }: { usd: number; times: number; underWay?: number }): Promise<void> {
      const { workspace, user } = await owner.call(readMe)
      const { ledger } = server().server.services
      const worstCaseNano = BigInt(Math.round(usd * 1e9))
      for (let number = 0; number < times + underWay; number += 1) {
        const intent = {
          id: newId(),
          workspaceId: workspace!.id,
          connectionId,
          actor: `user:${user.id}`,
          member: user.id,
          origin: 'test',
          context: 'chat',
          attempt: 1,
          requestedModel: 'gpt-4o-mini',
          worstCaseNano,
          currency: 'USD',
          tokensAtMost: 1_500,
          budgetIds: [],
        }
        expect((await ledger.intend(intent)).kind).toBe('admitted')
        if (number < times)
          await ledger.settle(settlementOf(intent, { cost: { nano: worstCaseNano, currency: 'USD', source: 'rate_card', rowIds: [] } }))
      }
    }

    it('say what they are for while there are none; one is added with an example in its own figures', async () => {
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/budgets')
      await page.getByText('No budget caps this workspace').waitFor()
      await tab.expectAccessible()
      await tab.shots('budgets-empty')
      await page.getByRole('button', { name: 'Add a budget' }).first().click()
      await page.getByRole('textbox', { name: 'Name' }).fill('Everything in a month')
      await page.getByRole('textbox', { name: 'Limit' }).fill('50')
      await page.getByText('when $49.00 of $50.00 are spent or set aside, a call that could cost $1.50 is refused').waitFor()
      await page.getByRole('combobox', { name: 'Contexts' }).click()
      await page.getByRole('option', { name: 'Chat' }).click()
      await tab.expectAccessible()
      await tab.shots('budgets-add')
      await page.getByRole('button', { name: 'Take out “Chat”' }).click()
      await page.getByRole('button', { name: 'Add a budget' }).last().click()
      await page.getByText('“Everything in a month” now caps its calls').waitFor()
      expect((await owner.call(contract.listBudgets)).items).toMatchObject([
        { name: 'Everything in a month', limit: { currency: 'USD', amount: '50' }, period: 'month', covers: { contexts: null } },
      ])
      await tab.close()
    })

    it('show what is spent, set aside and left, tell of it, and are removed with a way back', async () => {
      const { user } = await owner.call(readMe)
      const more = [
        { name: 'Ada’s chats in a week', limit: '4', period: 'week' as const, covers: { memberIds: [user.id], contexts: ['chat'] } },
        { name: 'The mock, in all', limit: '3.2', period: 'total' as const, covers: { connectionIds: [connectionId] } },
      ]
      for (const body of more) await owner.call(contract.addBudget, { body })
      await owner.call(contract.addRateLimit, {
        body: { name: 'Chats', counts: 'requests', perMinute: 600, burst: 60, covers: { contexts: ['chat'] } },
      })
      await owner.call(contract.addRateLimit, { body: { name: 'All tokens', counts: 'tokens', perMinute: 200_000 } })
      await spend({ usd: 0.4, times: 7, underWay: 1 })
      const tab = await open({ as: owner })
      const { page } = tab
      await tab.visit('/budgets')
      await page.getByText('$2.80 spent, $0.40 set aside, $46.80 of $50.00 left').waitFor()
      await page.getByText('$2.80 spent, $0.40 set aside, $0 of $3.20 left').waitFor()
      await page.getByText(`Chat · ${user.name}`).waitFor()
      await settled(page)
      await tab.expectAccessible()
      await tab.shots('budgets')
      await page.getByText('Everything in a month').click()
      await page.getByText(/A month; it begins anew on/).waitFor()
      await tab.expectAccessible()
      await tab.shots('budget')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('All tokens').click()
      await page.getByText(/200.000 tokens may be asked for at once/).waitFor()
      await tab.shots('rate-limit')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Remove “The mock, in all”' }).click()
      await page.getByText('“The mock, in all” was removed: it stops nothing any more').waitFor()
      await page.getByRole('button', { name: /Undo/ }).click()
      await page.getByRole('button', { name: 'Remove “The mock, in all”' }).waitFor()
      await page.getByRole('button', { name: /^Notices/ }).click()
      const notice = page.getByRole('link', { name: '“The mock, in all” has used 80 % of its limit' })
      await notice.waitFor()
      await tab.shots('budget-notice')
      await notice.click()
      await page.getByText(/In total since/).waitFor()
      await tab.close()
    })

    it.each(['fr', 'ar'] as const)('read well in another language: %s', async (language) => {
      const tab = await open({ as: owner, language })
      await tab.visit('/budgets')
      await tab.page.getByRole('progressbar').first().waitFor()
      await tab.expectAccessible()
      await tab.shots(`budgets-${language}`)
      await tab.close()
    })

    it('who may not change them sees them and what they have used, without the buttons', async () => {
      const tab = await open({ as: await server().member('viewer') })
      const { page } = tab
      await tab.visit('/budgets')
      await page.getByText('Everything in a month').click()
      await page.getByText(/A month; it begins anew on/).waitFor()
      await expect.poll(() => page.getByRole('button', { name: /Add a budget|Remove|Save/ }).count()).toBe(0)
      await tab.expectAccessible()
      await tab.close()
    })

    it('a run that one stops says which, and leads there', async () => {
      await bringFile(owner, 'lamps.csv', productFile(4))
      const run = await runOver(owner, { servedBy: { connectionId, model: 'gpt-4o-mini' } })
      expect(run.pause).toMatchObject({ code: 'budget.exceeded', budget: { name: 'The mock, in all' } })
      const tab = await open({ as: owner })
      await tab.visit(`/runs/${run.id}`)
      await tab.page.getByText('The budget “The mock, in all” has no room for the next call').waitFor()
      await tab.expectAccessible()
      await tab.shots('run-stopped-by-budget')
      await tab.page.getByRole('link', { name: 'See the budget' }).click()
      await tab.page.getByRole('dialog', { name: 'The mock, in all' }).waitFor()
      await tab.close()
    })
  },
  { environment },
)
