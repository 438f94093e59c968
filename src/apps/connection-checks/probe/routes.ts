import { requireConnection } from '../../../connections/change.ts'
import * as contract from '../../../contract/behaviour.ts'
import { handle, type HandledRoute } from '../../../http/handle.ts'
import { readWorkspaceCurrency } from '../../../people/workspaces.ts'
import { cardViewsOf, isOpen, readCards } from './cards.ts'
import { cancelProbes, probeCandidates, type ProbeServices, startProbes } from './jobs.ts'
import { planProbe, toProbeQuote } from './plan.ts'

const LOOK_EVERY_MS = 300

interface Whose {
  readonly workspaceId: string
  readonly connectionId: string
}

/** Tests of models, and the cards that they fill. */
export function probeRoutes(services: ProbeServices): HandledRoute[] {
  const { database, clock } = services
  const look = ({ workspaceId, connectionId }: Whose) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const connection = await requireConnection(tx, connectionId)
      const cards = await readCards(tx, connectionId)
      return { items: cardViewsOf(connection, cards), isOver: !cards.some(isOpen) }
    })
  const show = async (whose: Whose) => ({ items: (await look(whose)).items })
  const watch = async function* (whose: Whose, signal: AbortSignal): AsyncGenerator<Awaited<ReturnType<typeof show>>> {
    let before = ''
    while (!signal.aborted) {
      const { items, isOver } = await look(whose)
      const now = JSON.stringify(items)
      if (now !== before) yield { items }
      before = now
      if (isOver) return
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined) // aborted: the loop ends
    }
  }
  return [
    handle(contract.listCards, ({ who: { workspaceId }, params: { connectionId } }) => show({ workspaceId, connectionId })),
    handle(contract.quoteProbes, ({ who: { workspaceId }, params: { connectionId }, body: { models } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        await requireConnection(tx, connectionId)
        const currency = await readWorkspaceCurrency(tx)
        const candidates = await probeCandidates(tx, connectionId, models)
        return { items: candidates.map((one) => toProbeQuote(one.model, planProbe(one, { currency, at: clock.now() }))) }
      }),
    ),
    handle(contract.startProbes, async ({ who: { workspaceId, actor, userId }, params: { connectionId }, body: { models } }) => {
      await startProbes(services, { workspaceId, actor, userId, connectionId, models })
      return show({ workspaceId, connectionId })
    }),
    handle(contract.watchProbes, async ({ who: { workspaceId }, params: { connectionId }, request: { signal } }) => {
      await look({ workspaceId, connectionId }) // before the stream begins: an unknown id is a 404
      return watch({ workspaceId, connectionId }, signal)
    }),
    handle(contract.cancelProbes, async ({ who: { workspaceId }, params: { connectionId } }) => {
      await cancelProbes(services, { workspaceId, connectionId })
      return show({ workspaceId, connectionId })
    }),
  ]
}
