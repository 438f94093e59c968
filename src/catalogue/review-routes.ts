import type { z } from 'zod'
import * as groups from '../contract/group-review.ts'
import * as contract from '../contract/review.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import { namesOf } from '../ledger/names.ts'
import type { Log } from '../runtime/log.ts'
import { tellChangeKinds } from './change-kinds.ts'
import { decide, decideAll } from './decide.ts'
import { editValue, restoreImported } from './edit.ts'
import { groupProposals } from './groups.ts'
import { valueHistory } from './history.ts'
import { refreshCatalogueIndex } from './index.ts'
import { picturesOf } from './pictures.ts'
import { listProposals, type Proposal, requireFiltered, sumProposals } from './proposals.ts'
import { callsOf, namesIn, provenanceView } from './provenance-view.ts'
import { drawSample, judgeSample, readSample, sampleView } from './review-samples.ts'
import { soon } from './soon.ts'
import { redo, undo } from './undo.ts'
import type { CurrentValue } from './values.ts'

/** Proposals and decisions, undo, and the values of one attribute: editing, history. */
export function reviewRoutes({ database, log }: { readonly database: Database; readonly log: Log }): HandledRoute[] {
  return [
    handle(contract.listProposals, async ({ who: { workspaceId }, query: { cursor = null, limit, ...filter } }) => {
      await refreshCatalogueIndex(database, workspaceId)
      const { items, nextCursor, calls } = await database.inWorkspace(workspaceId, async (tx) => {
        await requireFiltered(tx, filter)
        const page = await listProposals(tx, { filter, cursor, limit })
        return { ...page, calls: await callsOf(tx, page.items) }
      })
      const names = await namesIn(database, workspaceId, items)
      return { items: items.map((item) => proposalView(item, { calls, names })), nextCursor }
    }),

    handle(contract.countProposals, async ({ who: { workspaceId }, query: filter }) => {
      await refreshCatalogueIndex(database, workspaceId)
      const sums = await database.inWorkspace(workspaceId, async (tx) => {
        await requireFiltered(tx, filter)
        return sumProposals(tx, filter)
      })
      const { origins } = await namesOf(database, workspaceId, { origins: [...sums.runs.keys()].map((id) => `run:${id}`) })
      const listed = <Key, Name extends string>(counts: ReadonlyMap<Key, number>, name: Name) =>
        [...counts].map(([key, count]) => ({ [name]: key, count }) as Record<Name, Key> & { count: number })
      return {
        ...sums,
        attributes: listed(sums.attributes, 'attribute'),
        locales: listed(sums.locales, 'locale'),
        channels: listed(sums.channels, 'channel'),
        flags: listed(sums.flags, 'reason'),
        models: listed(sums.models, 'model'),
        kinds: listed(sums.kinds, 'kind'),
        runs: [...sums.runs].map(([runId, count]) => {
          const run = origins.get(`run:${runId}`)
          return { runId, count, name: run?.name ?? null, startedAt: run?.startedAt.toISOString() ?? null }
        }),
        asOf: sums.asOf.toISOString(),
      }
    }),

    handle(groups.groupProposals, async ({ who: { workspaceId }, query: filter }) => {
      await refreshCatalogueIndex(database, workspaceId)
      await soon(tellChangeKinds(database, workspaceId), (error) => {
        log.error({ workspaceId, error }, 'the kinds of changes were not told')
      })
      const {
        asOf,
        groups: found,
        ...known
      } = await database.inWorkspace(workspaceId, async (tx) => {
        await requireFiltered(tx, filter)
        return groupProposals(tx, filter)
      })
      return { ...known, groups: [...found], asOf: asOf.toISOString() }
    }),

    handle(groups.drawSample, async ({ who: { workspaceId, actor }, body: { filter, asOf, size } }) =>
      sampleView(
        await database.inWorkspace(workspaceId, async (tx) => {
          await requireFiltered(tx, filter)
          return drawSample(tx, { workspaceId, actor, filter, asOf: new Date(asOf), size })
        }),
      ),
    ),

    handle(groups.readSample, async ({ who: { workspaceId }, params: { sampleId } }) =>
      sampleView(await database.inWorkspace(workspaceId, (tx) => readSample(tx, sampleId))),
    ),

    handle(groups.judgeSample, async ({ who: { workspaceId }, params: { sampleId }, body: { verdicts } }) =>
      sampleView(await database.inWorkspace(workspaceId, (tx) => judgeSample(tx, { sampleId, verdicts }))),
    ),

    handle(contract.decideProposals, async ({ who: { workspaceId, actor }, body: { decisions } }) => {
      const { decisionId, results } = await database.inWorkspace(workspaceId, (tx) => decide(tx, { workspaceId, actor, decisions }))
      const { members } = await namesOf(database, workspaceId, { actors: results.flatMap(({ decidedBy }) => decidedBy ?? []) })
      return {
        decisionId,
        results: results.map((result) => ({
          ...result,
          decidedByName: result.decidedBy === null ? null : (members.get(result.decidedBy) ?? null),
          decidedAt: result.decidedAt?.toISOString() ?? null,
        })),
      }
    }),

    handle(contract.decideAll, async ({ who, body: { asOf, ...request } }) => {
      if (request.cursor === null) await refreshCatalogueIndex(database, who.workspaceId)
      return decideAll(database, who, { ...request, asOf: new Date(asOf) })
    }),

    handle(contract.undo, async ({ who, body }) => {
      const { keptValues, ...answer } = await undo(database, who, body)
      return { ...answer, keptValues: [...keptValues] }
    }),

    handle(contract.redo, async ({ who, body }) => {
      const { keptValues, ...answer } = await redo(database, who, body)
      return { ...answer, keptValues: [...keptValues] }
    }),

    handle(contract.writeValue, async ({ who: { workspaceId, actor }, params, body: { value, ...place } }) => {
      const edit = { ...params, ...place }
      const { current, decisionId } = await database.inWorkspace(workspaceId, (tx) => editValue(tx, { workspaceId, actor, edit, value }))
      return { attribute: edit.attribute, locale: edit.locale, channel: edit.channel, current: currentView(current), decisionId }
    }),

    handle(contract.restoreValue, async ({ who: { workspaceId, actor }, params, body }) => {
      const edit = { ...params, ...body }
      const { current, decisionId } = await database.inWorkspace(workspaceId, (tx) => restoreImported(tx, { workspaceId, actor, edit }))
      return { attribute: edit.attribute, locale: edit.locale, channel: edit.channel, current: currentView(current), decisionId }
    }),

    handle(contract.valueHistory, async ({ who: { workspaceId }, params, query: { cursor = null, limit } }) => {
      const { items, calls, ...history } = await database.inWorkspace(workspaceId, async (tx) => {
        const page = await valueHistory(tx, { ...params, cursor, limit })
        return { ...page, calls: await callsOf(tx, page.items) }
      })
      const names = await namesIn(database, workspaceId, items)
      return {
        ...history,
        imported: json(history.imported),
        importedAt: history.importedAt.toISOString(),
        items: items.map((change) => ({
          id: change.id,
          locale: change.locale,
          channel: change.channel,
          state: change.state,
          current: change.current,
          value: json(change.value),
          replaced: json(change.replaced),
          flags: change.flags,
          provenance: provenanceView(change, { calls, names }),
          decision: change.decision,
          decidedBy: change.decidedBy,
          decidedByName: change.decidedBy === null ? null : (names.members.get(change.decidedBy) ?? null),
          createdAt: change.createdAt.toISOString(),
          decidedAt: change.decidedAt?.toISOString() ?? null,
          decisionId: change.decisionId,
        })),
      }
    }),
  ]
}

/** A value that came out of the database, where only JSON is kept. */
const json = (value: unknown) => (value ?? null) as z.core.util.JSONType

const currentView = ({ value, changeId, kind }: CurrentValue) => ({ value: json(value), changeId, kind })

function proposalView(
  { id, product, attribute, locale, channel, current, inherited, proposed, flags, provenance, runId, createdAt }: Proposal,
  known: Parameters<typeof provenanceView>[1],
) {
  const { picture, identifier, name } = product
  return {
    id,
    product: {
      id: product.id,
      identifier,
      name,
      picture: picturesOf(picture)[0] ?? null,
    },
    attribute,
    locale,
    channel,
    current: currentView(current),
    inherited: inherited && { value: json(inherited.value), from: inherited.from },
    proposed: json(proposed),
    flags: [...flags],
    provenance: provenanceView({ provenance, runId }, known),
    createdAt: createdAt.toISOString(),
  }
}
