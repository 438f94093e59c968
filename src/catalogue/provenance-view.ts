import { divideHalfUp, formatNano, type Money } from '../base/money.ts'
import type { MoneyView } from '../contract/route.ts'
import type { ValueProvenanceView } from '../contract/review.ts'
import type { Database, Tx } from '../db/database.ts'
import type { FilledOrigin, Provenance } from '../db/schema/index.ts'
import { callFacts, type CallFacts } from '../ledger/call-facts.ts'
import { type Names, namesOf } from '../ledger/names.ts'

/** What the provenance of changes points to: their calls. */
export async function callsOf(tx: Tx, changes: readonly { readonly provenance: Provenance }[]): Promise<Map<string, CallFacts>> {
  return callFacts(
    tx,
    changes.flatMap(({ provenance }) => provenance.callId ?? []),
  )
}

/** What people who wrote and decided, and the runs that made values, are called. */
export async function namesIn(
  database: Database,
  workspaceId: string,
  changes: readonly { readonly provenance: Provenance; readonly decidedBy?: string | null; readonly runId?: string | null }[],
): Promise<Names> {
  return namesOf(database, workspaceId, {
    actors: changes.flatMap(({ provenance, decidedBy }) => [provenance.actor, decidedBy].filter((actor) => typeof actor === 'string')),
    origins: changes.flatMap(({ runId }) => (runId ? [`run:${runId}`] : [])),
  })
}

/** Where a value came from, down to the call and this value's part of its cost. */
export function provenanceView(
  { provenance, runId }: { readonly provenance: Provenance; readonly runId: string | null },
  { calls, names }: { calls: ReadonlyMap<string, CallFacts>; names: Pick<Names, 'members'> },
): ValueProvenanceView {
  const { kind, actor = null, basedOn = null, callId = null, model = null, connection = null, values = null } = provenance
  const facts = callId === null ? undefined : calls.get(callId)
  const actorName = actor === null ? null : (names.members.get(actor) ?? null)
  const rules = Object.entries(provenance.rules ?? {}).map(([attribute, found]) => ({ attribute, ...found }))
  const filledFrom = provenance.filledFrom ? filledView(provenance.filledFrom) : null
  return {
    kind,
    actor,
    actorName,
    basedOn,
    runId,
    callId,
    model,
    connection,
    rules,
    filledFrom,
    call: facts ? callView(facts, values) : null,
  }
}

const filledView = ({ productId, changeId, callId, words }: FilledOrigin) => ({
  productId,
  changeId,
  callId: callId ?? null,
  words: words.map(({ from, to }) => ({ from, to })),
})

function callView({ cost, usage, servedModel, endedAt }: CallFacts, values: number | null): ValueProvenanceView['call'] {
  return {
    cost: cost && moneyView(cost),
    costUnknown: cost ? null : usage ? 'no_price' : 'no_usage',
    values,
    share: cost && values !== null ? moneyView({ ...cost, nano: divideHalfUp(cost.nano, BigInt(values)) }) : null,
    usage: usage && { ...usage },
    servedModel,
    at: endedAt.toISOString(),
  }
}

const moneyView = ({ nano, currency }: Money): MoneyView => ({ currency, amount: formatNano(nano) })
