import { and, eq, inArray } from 'drizzle-orm'
import { namedCandidates } from '../../../assignments/resolve.ts'
import { recordAudit } from '../../../audit/audit.ts'
import { AppError, connectionRevoked } from '../../../base/errors.ts'
import { canonicalJson } from '../../../base/json.ts'
import { formatMoney, parseNano } from '../../../base/money.ts'
import type { Candidate } from '../../../calls/call.ts'
import { callCandidate } from '../../../calls/fallback.ts'
import type { CallServices } from '../../../calls/services.ts'
import { requireConnection } from '../../../connections/change.ts'
import type { Connection } from '../../../connections/connections.ts'
import { OPEN_CARD_STATES } from '../../../contract/behaviour.ts'
import type { MoneyView } from '../../../contract/route.ts'
import type { Database, Tx } from '../../../db/database.ts'
import { behaviourCards, connections } from '../../../db/schema/index.ts'
import { addBudget } from '../../../ledger/budgets.ts'
import { CONNECTION_CHECK } from '../../../ledger/intent.ts'
import { readWorkspaceCurrency } from '../../../people/workspaces.ts'
import { newId } from '../../../runtime/ids.ts'
import { isOpen, readCards, type StoredCard } from './cards.ts'
import { planProbe, type ProbePlan } from './plan.ts'
import { type OpenProbe, runProbe, SERVER_STOPS } from './run-probe.ts'

export interface ProbeServices extends CallServices {
  readonly instance: string
}

interface Job {
  readonly stop: AbortController
  readonly done: Promise<void>
}

/** What is tested in this process, by connection. */
const under = new WeakMap<Database, Map<string, Job>>()

function jobsOf(database: Database): Map<string, Job> {
  const known = under.get(database) ?? new Map<string, Job>()
  under.set(database, known)
  return known
}

/** Before the database closes: ends the tests under way, which say on their cards why. */
export async function stopProbes(database: Database): Promise<void> {
  const jobs = [...jobsOf(database).values()]
  for (const { stop } of jobs) stop.abort(SERVER_STOPS)
  await Promise.allSettled(jobs.map(({ done }) => done))
}

/** Tests that a crash of this instance left open. To be called once at start. */
export async function endInterruptedProbes({ database, instance }: { database: Database; instance: string }): Promise<void> {
  const { code, detail } = SERVER_STOPS
  await database.asSystem('tests of models that a crash left', (tx) =>
    tx
      .update(behaviourCards)
      .set({ state: 'interrupted', asking: null, problem: { code, detail }, endedAt: new Date() })
      .where(and(eq(behaviourCards.instance, instance), inArray(behaviourCards.state, [...OPEN_CARD_STATES]))),
  )
}

export interface ProbeOrder {
  readonly workspaceId: string
  readonly actor: string
  readonly userId: string
  readonly connectionId: string
  readonly models: readonly { readonly model: string; readonly agreedCost: MoneyView | null }[]
}

/** A connection's models as calls take them; a test asks without regard to what an earlier one found. */
export async function probeCandidates(tx: Tx, connectionId: string, models: readonly string[]): Promise<Candidate[]> {
  const named = await namedCandidates(
    tx,
    models.map((model) => ({ connectionId, model })),
  )
  return named.map((candidate) => callCandidate({ ...candidate, found: undefined }))
}

/**
 * Begins to test models, one after the other, each under a cap of its own: what the person agreed to pay for it.
 * @throws AppError connection.missing, connection.revoked, probe.running, probe.cost_not_agreed, provider.does_not_serve.
 */
export async function startProbes(services: ProbeServices, order: ProbeOrder): Promise<void> {
  const { database } = services
  const { workspaceId, connectionId } = order
  const stop = new AbortController()
  const opened = await database.inWorkspace(workspaceId, (tx) => openCards(tx, services, { order, signal: stop.signal }))
  const jobs = jobsOf(database)
  const done = (async () => {
    for (const probe of opened) await runProbe(services, probe)
  })()
    .catch((error: unknown) => services.log.error({ workspaceId, connectionId, error }, 'tests of models ended unexpectedly'))
    .finally(() => jobs.delete(connectionId))
  jobs.set(connectionId, { stop, done })
}

async function openCards(
  tx: Tx,
  { clock, instance }: ProbeServices,
  { order, signal }: { order: ProbeOrder; signal: AbortSignal },
): Promise<OpenProbe[]> {
  const { workspaceId, actor, userId, connectionId } = order
  // held until the commit: of two who begin at once, the second finds the first one's cards
  await tx.select({ id: connections.id }).from(connections).where(eq(connections.id, connectionId)).for('update')
  const connection = await requireConnection(tx, connectionId)
  const { slug, status, destination } = connection
  if (status === 'revoked') throw connectionRevoked(slug)
  const cards = new Map((await readCards(tx, connectionId)).map((card) => [card.model, card]))
  if ([...cards.values()].some(isOpen)) {
    throw new AppError('probe.running', 'Models of this connection are being tested at this moment. Wait for that, or cancel it.')
  }
  const currency = await readWorkspaceCurrency(tx)
  const at = clock.now()
  const agreed = new Map(order.models.map((one) => [one.model, one.agreedCost]))
  const opened: OpenProbe[] = []
  for (const candidate of await probeCandidates(tx, connectionId, [...agreed.keys()])) {
    const { model } = candidate
    const agreedCost = agreed.get(model) ?? null
    const plan = planProbe(candidate, { currency, at })
    if (!plan) throw new AppError('provider.does_not_serve', `"${model}" is not tested: only models that chat or make vectors are.`)
    const limitNano = capOf(model, { plan, agreedCost })
    const budgetId = newId()
    await addBudget(tx, { id: budgetId, workspaceId, scope: `probe:${budgetId}`, currency: plan.currency, limitNano })
    await openCard(tx, { before: cards.get(model), workspaceId, connection, model, plan, budgetId, instance, actor, at })
    const request = {
      workspaceId,
      actor,
      member: userId,
      origin: 'test',
      context: CONNECTION_CHECK,
      candidate,
      budgetIds: [budgetId],
      currency: plan.currency,
      signal,
    }
    opened.push({ request, budgetId, kind: plan.kind })
  }
  await recordAudit(tx, {
    workspaceId,
    actor,
    action: 'models.tested',
    subject: `connection:${connectionId}`,
    detail: {
      connection: slug,
      host: URL.parse(destination.baseUrl)?.host ?? '',
      models: Array.from(agreed, ([model, agreedCost]) => ({ model, agreedCost })),
    },
  })
  return opened
}

/** A price that is known is agreed to as a sum, which is the cap; one that is not, as unknown. @throws AppError probe.cost_not_agreed. */
function capOf(model: string, { plan: { atMost }, agreedCost }: { plan: ProbePlan; agreedCost: MoneyView | null }): bigint | null {
  if (atMost === undefined && agreedCost === null) return null
  if (atMost && agreedCost?.currency === atMost.currency) return parseNano(agreedCost.amount)
  throw new AppError(
    'probe.cost_not_agreed',
    atMost
      ? `Testing "${model}" costs ${formatMoney(atMost)} at most. Agree to a sum in ${atMost.currency} to test it.`
      : `No price of "${model}" is known any more. Agree to an unknown cost to test it.`,
  )
}

interface NewCard {
  readonly before: StoredCard | undefined
  readonly workspaceId: string
  readonly connection: Connection
  readonly model: string
  readonly plan: ProbePlan
  readonly budgetId: string
  readonly instance: string
  readonly actor: string
  readonly at: Date
}

/** What was found before stands until it is found anew, unless the connection went elsewhere then. */
async function openCard(tx: Tx, { before, workspaceId, connection, model, plan, budgetId, instance, actor, at }: NewCard): Promise<void> {
  const destination = canonicalJson(connection.destination)
  const card = {
    kind: plan.kind,
    destination,
    state: 'waiting' as const,
    asking: null,
    findings: before?.destination === destination ? before.findings : [],
    limitHeaders: {},
    calls: 0,
    costNano: 0n,
    currency: plan.currency,
    unknownCostCalls: 0,
    budgetId,
    problem: null,
    instance,
    startedBy: actor,
    startedAt: at,
    endedAt: null,
  }
  await tx
    .insert(behaviourCards)
    .values({ ...card, workspaceId, connectionId: connection.id, model })
    .onConflictDoUpdate({ target: [behaviourCards.connectionId, behaviourCards.model], set: card })
}

/** Stops a connection's tests: what waits is not begun, what is under way is cut off, whichever process has it. */
export async function cancelProbes(
  { database, clock }: ProbeServices,
  { workspaceId, connectionId }: { workspaceId: string; connectionId: string },
): Promise<void> {
  await database.inWorkspace(workspaceId, async (tx) => {
    await requireConnection(tx, connectionId)
    const inState = (state: StoredCard['state']) => and(eq(behaviourCards.connectionId, connectionId), eq(behaviourCards.state, state))
    // a second time ends what the first did not reach: its process is gone
    await tx.update(behaviourCards).set({ state: 'cancelled', asking: null, endedAt: clock.now() }).where(inState('cancelling'))
    await tx.update(behaviourCards).set({ state: 'cancelled', endedAt: clock.now() }).where(inState('waiting'))
    await tx.update(behaviourCards).set({ state: 'cancelling' }).where(inState('running'))
  })
  const job = jobsOf(database).get(connectionId)
  job?.stop.abort(new AppError('call.interrupted', 'The test was cancelled.'))
  await job?.done
}
