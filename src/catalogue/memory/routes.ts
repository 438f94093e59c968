import * as contract from '../../contract/memory.ts'
import type { Database } from '../../db/database.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import { type Names, namesOf } from '../../ledger/names.ts'
import type { Clock } from '../../runtime/clock.ts'
import { readSource } from '../sources.ts'
import { readAcceptance } from './acceptance.ts'
import { changeCorrection, type Correction, listCorrections } from './corrections.ts'
import { addRule, changeRule, listRules, suggestRules, type SupplierRule } from './rules.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** What is remembered of a source, and how often what models write is accepted. */
export function memoryRoutes({ database, clock }: { readonly database: Database; readonly clock: Clock }): HandledRoute[] {
  const namesBy = (workspaceId: string, actors: readonly string[]): Promise<Names> => namesOf(database, workspaceId, { actors })
  return [
    handle(contract.listCorrections, async ({ who: { workspaceId }, params: { sourceId }, query }) => {
      const { search, attribute, cursor = null, limit } = query
      const page = await database.inWorkspace(workspaceId, async (tx) => {
        await readSource(tx, sourceId)
        return listCorrections(tx, { filter: { sourceId, search, attribute }, before: cursor, limit })
      })
      const names = await namesBy(
        workspaceId,
        page.items.map(({ actor }) => actor),
      )
      return { ...page, items: page.items.map((item) => correctionView(item, names)) }
    }),
    handle(contract.changeCorrection, async ({ who: { workspaceId }, params, body }) => {
      const changed = await database.inWorkspace(workspaceId, (tx) => changeCorrection(tx, { ...params, change: body }))
      return correctionView(changed, await namesBy(workspaceId, [changed.actor]))
    }),

    handle(contract.listRules, async ({ who: { workspaceId }, params: { sourceId } }) => {
      const { rules, suggestions } = await database.inWorkspace(workspaceId, async (tx) => {
        await readSource(tx, sourceId)
        return { rules: await listRules(tx, sourceId), suggestions: await suggestRules(tx, sourceId) }
      })
      const names = await namesBy(
        workspaceId,
        rules.map(({ createdBy }) => createdBy),
      )
      return { rules: rules.map((rule) => ruleView(rule, names)), suggestions }
    }),
    handle(contract.addRule, async ({ who: { workspaceId, actor }, params: { sourceId }, body }) => {
      const rule = await database.inWorkspace(workspaceId, async (tx) => {
        await readSource(tx, sourceId)
        return addRule(tx, { workspaceId, actor, sourceId }, body)
      })
      return ruleView(rule, await namesBy(workspaceId, [rule.createdBy]))
    }),
    handle(contract.changeRule, async ({ who: { workspaceId, actor }, params: { sourceId, ruleId }, body: { on, ...given } }) => {
      const change = { ...given, ...(on === undefined ? {} : { state: on ? ('on' as const) : ('off' as const) }) }
      const rule = await database.inWorkspace(workspaceId, async (tx) => {
        await readSource(tx, sourceId)
        return changeRule(tx, { workspaceId, actor, sourceId }, { ruleId, change })
      })
      return ruleView(rule, await namesBy(workspaceId, [rule.createdBy]))
    }),

    handle(contract.readAcceptance, async ({ who: { workspaceId }, query: { sourceId, days } }) => {
      const since = new Date(clock.now().getTime() - days * DAY_MS)
      const counts = await database.inWorkspace(workspaceId, async (tx) => {
        if (sourceId !== undefined) await readSource(tx, sourceId)
        return readAcceptance(tx, { sourceId, since })
      })
      return { since: since.toISOString(), counts }
    }),
  ]
}

const correctionView = (correction: Correction & { identifier: string }, names: Names) => ({
  id: correction.id,
  product: { id: correction.productId, identifier: correction.identifier },
  attribute: correction.attribute,
  locale: correction.locale,
  kind: correction.kind,
  wrote: correction.wrote,
  made: correction.made,
  reason: correction.reason,
  data: correction.data,
  model: correction.model,
  on: correction.on,
  by: names.members.get(correction.actor) ?? null,
  at: correction.createdAt.toISOString(),
})

const ruleView = ({ id, attribute, locale, term, use, state, support, createdBy, updatedAt }: SupplierRule, names: Names) => ({
  id,
  attribute,
  locale,
  term,
  use,
  on: state === 'on',
  support,
  by: names.members.get(createdBy) ?? null,
  at: updatedAt.toISOString(),
})
