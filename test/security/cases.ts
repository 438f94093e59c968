import type { RouteContract } from '../../src/contract/route.ts'
import { idInputs } from './routes.ts'
import { RECIPE, type Things } from './world.ts'

/**
 * For each route that takes more than ids in its path: inputs that it accepts, about things of the caller's own workspace. A route
 * that takes a body or an id in its query and is not here fails the matrices.
 */
export const cases = (own: Things): Readonly<Record<string, object>> => {
  const inEnrichment = { params: { context: 'enrichment' } }
  const ofProduct = { params: { productId: own['product'], attribute: 'title' } }
  const ofSource = { sourceId: own['source'] }
  const ofRun = { params: { runId: own['run'] } }
  const ofRecipe = { params: { recipeId: own['recipe'] } }
  const selection = { ids: [own['product']] }
  const servedBy = { connectionId: own['connection'], model: 'practice-1' }
  const asOf = new Date().toISOString()
  return {
    'assignments.addContext': { body: { context: 'my-context' } },
    'assignments.preview': { ...inEnrichment, query: { productId: own['product'] } },
    'assignments.replace': { ...inEnrichment, body: { version: 1, candidates: [servedBy] } },
    'budgets.add': { body: { name: 'November', limit: '100', period: 'month' } },
    'budgets.change': { params: { budgetId: own['budget'] }, body: { limit: '200' } },
    'catalogue.sources.change': { params: { sourceId: own['source'] }, body: { label: 'Lamps' } },
    'catalogue.sources.prepareExport': { params: { sourceId: own['source'] }, body: { origins: true } },
    'catalogue.products.count': { body: { selection } },
    'catalogue.products.list': { query: { sourceId: own['source'] } },
    'catalogue.products.facets': { query: { sourceId: own['source'] } },
    'catalogue.products.read': { params: { productId: own['product'] }, query: { sourceId: own['source'] } },
    'catalogue.memory.corrections.change': { params: { ...ofSource, correctionId: own['correction'] }, body: { on: false } },
    'catalogue.memory.corrections.list': { params: ofSource, query: { search: 'lamp' } },
    'catalogue.memory.rules.add': { params: ofSource, body: { attribute: 'title', locale: 'en', term: 'ultimate', use: null } },
    'catalogue.memory.rules.change': { params: { ...ofSource, ruleId: own['rule'] }, body: { use: 'stainless steel' } },
    'catalogue.files.look': { params: { fileId: own['file'] }, body: { delimiter: 'comma' } },
    'catalogue.files.changes': { params: { fileId: own['file'] }, body: { sourceId: own['source'], mapping: null } },
    'catalogue.imports.start': { body: { fileId: own['file'], sourceId: own['source'] } },
    'catalogue.structure.add': { body: { kind: 'groups', code: 'size', set: {} } },
    'catalogue.structure.change': { body: { kind: 'attributes', code: 'sku', set: { labels: { en: 'Number' } } } },
    'catalogue.structure.remove': { body: { kind: 'groups', code: 'none' } },
    'catalogue.values.write': { ...ofProduct, body: { value: 'A title', locale: 'en', over: null } },
    'catalogue.values.restore': { ...ofProduct, body: { locale: 'en', over: null } },
    'connections.add': { body: { provider: 'practice', label: 'Second' } },
    'connections.change': { params: { connectionId: own['connection'] }, body: { label: 'Renamed' } },
    'connections.replaceKey': { params: { connectionId: own['connection'] }, body: { key: 'sk-test-0000000000000000000' } },
    'connections.pulls.start': { params: { connectionId: own['connection'] }, body: { model: 'llama3.2:3b' } },
    'connections.pulls.cancel': { params: { connectionId: own['connection'] }, body: { model: 'llama3.2:3b' } },
    'connections.checkKey': { body: { provider: 'practice' } },
    'connections.probes.quote': { params: { connectionId: own['connection'] }, body: { models: ['practice-1'] } },
    'connections.probes.start': {
      params: { connectionId: own['connection'] },
      body: { models: [{ model: 'practice-1', agreedCost: { currency: 'USD', amount: '0' } }] },
    },
    'calls.list': { query: {} },
    'enrichment.quote': { body: { selection, recipe: RECIPE, models: [servedBy] } },
    'enrichment.quoteTrial': { body: { productId: own['product'], recipe: RECIPE, servedBy } },
    'enrichment.try': { body: { productId: own['product'], recipe: RECIPE, servedBy } },
    'enrichment.stale.quote': { body: { of: { recipeId: own['recipe'] }, causes: ['rules', 'source'] } },
    'enrichment.stale.refresh': { body: { of: { runId: own['run'] }, causes: ['rules'] } },
    'invitations.make': { body: { as: 'viewer', note: 'for Ben' } },
    'virtualKeys.make': { body: { name: 'robot', ownerId: own['member'], connectionIds: [own['connection']] } },
    'virtualKeys.trial': { params: { virtualKeyId: own['virtual-key'] }, query: { model: 'practice-1' } },
    'virtualKeys.change': { params: { virtualKeyId: own['virtual-key'] }, body: { name: 'Robot', connectionIds: [own['connection']] } },
    'join.accept': { body: { token: `lk_join_${'x'.repeat(43)}` } },
    'join.read': { body: { token: `lk_join_${'x'.repeat(43)}` } },
    'me.change': { body: { name: 'Ada L.' } },
    'me.changePassword': { body: { currentPassword: 'wrong wrong wrong', newPassword: 'another long password' } },
    'me.confirmTwoFactor': { body: { code: '000000' } },
    'me.enterWorkspace': { body: { workspace: own['workspace'] } },
    'me.makeWorkspace': { body: { name: 'Third' } },
    'me.renewRecoveryCodes': { body: { password: 'wrong wrong wrong' } },
    'me.startTwoFactor': { body: { password: 'wrong wrong wrong' } },
    'me.stopTwoFactor': { body: { password: 'wrong wrong wrong' } },
    'members.change': { params: { userId: own['member'] }, body: { newRole: 'owner' } },
    'notices.markRead': { body: { ids: [own['notice']] } },
    'rateLimits.add': { body: { name: 'Slowly', counts: 'requests', perMinute: 60 } },
    'rateLimits.change': { params: { rateLimitId: own['rateLimit'] }, body: { perMinute: 90 } },
    'recipes.add': { body: { name: 'Another', recipe: RECIPE } },
    'recipes.change': { ...ofRecipe, body: { name: 'Renamed', recipe: RECIPE, version: 1 } },
    'recipes.check': { body: { recipe: RECIPE } },
    'recipes.duplicate': { ...ofRecipe, body: { name: 'Copy' } },
    'recipes.fromText': { body: { text: 'fields: [{ name: title, type: text }]' } },
    'recipes.previewStale': { ...ofRecipe, body: { recipe: RECIPE } },
    'recipes.suggest': { body: { selection } },
    'recipes.toText': { body: { recipe: RECIPE } },
    'review.decisions.make': { body: { decisions: [{ id: own['change'], decision: 'accept', over: null }] } },
    'review.decisions.makeAll': {
      body: {
        decision: 'reject',
        filter: {},
        asOf: own['sampleAsOf'],
        overPersons: false,
        sampleId: own['sample'],
        continues: null,
        cursor: null,
      },
    },
    'review.acceptance.read': { query: { sourceId: own['source'] } },
    'review.groups.list': { query: { runId: own['run'] } },
    'review.samples.draw': { body: { filter: { runId: own['run'] }, asOf, size: 5 } },
    'review.samples.judge': { params: { sampleId: own['sample'] }, body: { verdicts: [{ changeId: own['change'], verdict: 'wrong' }] } },
    'review.proposals.counts': { query: { runId: own['run'] } },
    'review.proposals.list': { query: { runId: own['run'] } },
    'review.redo': { body: { of: { decisionId: own['decision'] }, cursor: null } },
    'review.undo': { body: { of: { decisionId: own['decision'] }, cursor: null } },
    'runs.add': { body: { selection, recipe: RECIPE, servedBy } },
    'runs.changeCap': { ...ofRun, body: { cap: '1.00' } },
    'runs.list': { query: { recipeId: own['recipe'] } },
    'runs.retry': { ...ofRun, body: {} },
    'server.claim': {
      body: { token: `lk_claim_${'x'.repeat(43)}`, email: 'eve@example.com', password: 'a long password', workspaceName: 'Eve' },
    },
    'session.signIn': { body: { email: 'eve@example.com', password: 'wrong wrong wrong' } },
    'session.verifySecondFactor': { body: { code: '000000' } },
    'tokens.make': { body: { name: 'another' } },
    'workspace.change': { body: { keyReminderDays: 90 } },
    'consumption.read': { query: { from: '2026-01-01', to: '2026-01-31' } },
  }
}

/** Inputs that a route accepts: its case, or the ids in its path alone. */
export function caseOf(route: RouteContract, own: Things): Record<string, object> {
  const params = Object.fromEntries(idInputs(route).flatMap(({ path, thing }) => (path[0] === 'params' ? [[path[1]!, own[thing]]] : [])))
  return { params, ...cases(own)[route.id] }
}
