import * as budgets from '../../src/contract/budgets.ts'
import * as catalogue from '../../src/contract/catalogue.ts'
import * as connections from '../../src/contract/connections.ts'
import * as consumption from '../../src/contract/consumption.ts'
import * as memory from '../../src/contract/memory.ts'
import * as groups from '../../src/contract/group-review.ts'
import * as gateway from '../../src/contract/gateway.ts'
import * as notices from '../../src/contract/notices.ts'
import * as people from '../../src/contract/people.ts'
import * as recipes from '../../src/contract/recipes.ts'
import * as review from '../../src/contract/review.ts'
import * as runs from '../../src/contract/runs.ts'
import { assign, startedToEnd } from '../support/enrichment.ts'
import type { TestClient } from '../support/server.ts'
import { until } from '../support/until.ts'
import { listed } from '../support/bring-file.ts'

/** One thing of each kind that an id can name, all of one workspace, by the names that `idOf` gives them. */
export type Things = Readonly<Record<string, string>>

export const RECIPE = { fields: [{ name: 'title', type: 'text', words: { max: 12 } }] }
const PRACTICE_MODEL = 'practice-1'

/** Fills a workspace as its people would: a connection, products, a recipe, a run with proposals, a decision, links and tokens. */
export async function furnish(client: TestClient): Promise<Things> {
  const { workspace, user } = await client.call(people.readMe)
  const connection = await client.call(connections.addConnection, { body: { provider: 'practice' } })
  await assign(client, [{ connectionId: connection.id, model: PRACTICE_MODEL }])
  const file = await client.call(catalogue.uploadFile, {
    query: { name: 'lamps.csv' },
    bytes: 'sku,name,title\nA-1,Lamp one,\nA-2,Lamp two,\n',
  } as never)
  const started = await client.call(catalogue.startImport, { body: { fileId: file.id } })
  for await (const _ of client.events(catalogue.watchImport, { params: { importId: started.id } }));
  await listed(client)
  const { items: products } = await client.call(catalogue.listProducts)
  const recipe = await client.call(recipes.addRecipe, { body: { name: 'Titles', recipe: RECIPE } })
  const run = await client.call(runs.addRun, { body: { selection: { filter: {} }, recipe: RECIPE, recipeId: recipe.id } })
  await startedToEnd(client, run.id)
  const { items: proposals } = await client.call(review.listProposals)
  const asOf = (await client.call(groups.groupProposals)).asOf
  const sample = await client.call(groups.drawSample, { body: { filter: {}, asOf, size: 2 } })
  const verdicts = sample.members.map(({ changeId }) => ({ changeId, verdict: 'right' as const }))
  await client.call(groups.judgeSample, { params: { sampleId: sample.id }, body: { verdicts } })
  const rejection = { id: proposals[0]!.id, decision: 'reject', reason: 'too short' } as const
  const decided = await client.call(review.decideProposals, { body: { decisions: [rejection] } })
  const ofSource = { params: { sourceId: products[0]!.sourceId } }
  const { items: corrections } = await client.call(memory.listCorrections, ofSource)
  const rule = await client.call(memory.addRule, { ...ofSource, body: { attribute: null, locale: null, term: 'inox', use: 'steel' } })
  const { items: calls } = await client.call(consumption.listCalls)
  await until(async () => (await client.call(notices.listNotices)).items.length > 0)
  const { items: heard } = await client.call(notices.listNotices)
  const { invitation } = await client.call(people.invite, { body: { as: 'viewer' } })
  const token = await client.call(people.makeApiToken, { body: { name: 'robot' } })
  const budget = await client.call(budgets.addBudget, { body: { name: 'All', limit: '1000', period: 'total' } })
  const rateLimit = await client.call(budgets.addRateLimit, { body: { name: 'All', counts: 'requests', perMinute: 100_000 } })
  const { sessions } = await client.call(people.listSessions)
  const { key: virtualKey } = await client.call(gateway.makeVirtualKey, { body: { name: 'robot' } })
  return {
    workspace: workspace!.id,
    member: user.id,
    connection: connection.id,
    file: file.id,
    import: started.id,
    source: products[0]!.sourceId,
    product: products[0]!.id,
    recipe: recipe.id,
    run: run.id,
    change: proposals[1]!.id,
    decision: decided.decisionId,
    call: calls[0]!.id,
    notice: heard[0]!.id,
    invitation: invitation.id,
    token: token.listed.id,
    'virtual-key': virtualKey.id,
    session: sessions[0]!.id,
    budget: budget.id,
    rateLimit: rateLimit.id,
    sample: sample.id,
    sampleAsOf: sample.asOf,
    correction: corrections[0]!.id,
    rule: rule.id,
  }
}
