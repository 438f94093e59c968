import { namedCandidates } from '../../assignments/resolve.ts'
import { canonicalJson } from '../../base/json.ts'
import type { CallServices } from '../../calls/services.ts'
import type { FileFormat } from '../../catalogue/formats/format.ts'
import { writtenKey } from '../../catalogue/changes.ts'
import { importFile, type ImportResult } from '../../catalogue/import.ts'
import type { Connection } from '../../connections/connections.ts'
import { setBudgetLimit } from '../../ledger/budgets.ts'
import { sha256 } from '../../runtime/hash.ts'
import { driveBatches } from '../../runs/drive-batches.ts'
import { type DriveEnd, driveRun } from '../../runs/drive.ts'
import { addItems, countItems, type ItemCounts, retryFailed } from '../../runs/items.ts'
import type { Pause, SettledItem } from '../../runs/run-kind.ts'
import { addRun, cancelSuperseded, readRun, type Run, unfinishedRun, updateRun } from '../../runs/runs.ts'
import { batchedEnrichment } from './batch-work.ts'
import { endLeftBatches } from './left-batches.ts'
import { addObservations, nothingObserved, type ObservedCall, observeCall } from './observation.ts'
import { attributesOf, type Makings, type Scope, scopedProducts } from './plan.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { RunSteps } from '../../contract/run-steps.ts'
import type { PlannedProduct } from './estimate.ts'
import { openRules } from './planner/open-rules.ts'
import type { Rules } from './planner/rules.ts'
import { createSiblingFinder, siblingShape } from './planner/siblings.ts'
import { openServers, type Server } from './servers.ts'
import { loadSubjects, ruled } from './subjects.ts'
import { recipeHash, seriesOf } from './work-hash.ts'
import { ENRICHMENT, type EnrichmentWork, enrichmentWork } from './work.ts'

export interface JobServices extends CallServices {
  readonly instance: string
}

/** What a person asked for: this file, written by this recipe, on this connection and model. */
export interface EnrichmentOrder {
  readonly workspaceId: string
  readonly actor: string
  readonly decision: string // "accepted by command"
  readonly file: string // absolute path
  readonly format: FileFormat
  readonly recipe: Recipe
  readonly connection: Connection
  readonly model: string
  readonly limit: number | undefined // products
  readonly capNano: bigint | undefined
  readonly currency: string
  readonly acceptFlagged: boolean
  readonly steps: RunSteps
}

/** An order brought to the point where it can run: imported, planned, its items waiting. */
export interface EnrichmentJob {
  readonly order: EnrichmentOrder
  readonly source: ImportResult
  readonly makings: Makings
  readonly server: Server
  readonly rules: Rules | undefined // undefined: the job does without, or its recipe leaves nothing to them
  readonly run: Run | undefined // undefined: nothing is stale
  readonly resumed: boolean
  readonly products: number
  readonly accepted: number // products whose values stand, from earlier runs
  readonly flagged: number // the same, with a flagged value
  readonly lastRow: number // the last product in scope
}

/** A job with work to do. */
export type RunnableJob = EnrichmentJob & { readonly run: Run }

export const isRunnable = (job: EnrichmentJob): job is RunnableJob => job.run !== undefined

/** Called for each product in scope: what a quote counts. */
export interface PlanWatch {
  readonly onStale: (product: PlannedProduct) => void
  readonly onUnchanged: (shown: string) => void
}

/**
 * Imports the file, finds out which products need work, and gives them to a run: the one that the same order left
 * unfinished, or a new one.
 */
export async function prepareJob(
  services: JobServices,
  order: EnrichmentOrder,
  { watch, signal }: { watch?: PlanWatch; signal?: AbortSignal } = {},
): Promise<EnrichmentJob> {
  const { database, log } = services
  const { workspaceId, file, format, connection, model, recipe, steps } = order
  const source = await importFile({ database, workspaceId, path: file, format, ...(signal ? { signal } : {}) })
  log.info({ workspaceId, count: source.products }, 'imported')
  const named = await database.inWorkspace(workspaceId, (tx) => namedCandidates(tx, [{ connectionId: connection.id, model }]))
  const [server] = await openServers(named, services)
  const makings: Makings = { recipe, provider: connection.provider, model, destination: connection.destination }
  const fingerprint = fingerprintOf(order, source)
  const left = await database.inWorkspace(workspaceId, (tx) => unfinishedRun(tx, fingerprint))
  const rules = steps.rules ? await openRules(database, { workspaceId, recipe }) : undefined
  const siblings = createSiblingFinder()
  const counts = { products: 0, accepted: 0, flagged: 0, lastRow: 0 }
  let run = left
  for await (const products of scopedProducts(scopeOf(services, { order, source, makings }))) {
    signal?.throwIfAborted()
    const stale = products.filter(({ standing }) => standing === 'stale')
    counts.products += products.length
    counts.accepted += products.filter(({ standing }) => standing === 'accepted').length
    counts.flagged += products.filter(({ standing }) => standing === 'flagged').length
    counts.lastRow = products.at(-1)!.row
    const planned = stale.map(({ shown, row, values, ...product }) => {
      const { answers, left: asked } = ruled(recipe, rules, values)
      const leader = steps.siblings && asked ? siblings.leaderOf(siblingShape(shown), row) : undefined
      watch?.onStale({ shown, position: row, answers, isFollower: leader !== undefined })
      return { ...product, row, leader }
    })
    for (const { standing, shown } of products) if (standing !== 'stale') watch?.onUnchanged(shown)
    if (left || stale.length === 0) continue
    run ??= await startRun(services, order, fingerprint)
    const items = planned.map(({ row, id, hash, leader }) => ({
      position: row,
      subjectId: id,
      workHash: hash,
      ...(leader === undefined ? {} : { leader }),
    }))
    const { id: runId } = run
    await database.inWorkspace(workspaceId, (tx) => addItems(tx, { runId, workspaceId, items }))
  }
  log.info({ workspaceId, count: counts.products, ...(run ? { runId: run.id } : {}) }, 'planned')
  return {
    order,
    source,
    makings,
    server: server!,
    rules,
    run,
    resumed: left !== undefined,
    ...counts,
  }
}

/** The products that a job is about. */
export const scopeOf = (
  { database }: JobServices,
  { order, source, makings }: Pick<EnrichmentJob, 'order' | 'source' | 'makings'>,
): Scope => {
  const { workspaceId, limit } = order
  const { sourceId, importId } = source
  return { database, workspaceId, sourceId, importId, limit, makings }
}

/** Runs that write the same attributes of the same file, in the same languages, stand in one slot: a new one closes those left unfinished. */
const slotOf = ({ file, recipe }: EnrichmentOrder): string => `${file}\n${attributesOf(recipe).map(writtenKey).toSorted().join('\n')}`

async function startRun({ database }: JobServices, order: EnrichmentOrder, fingerprint: string): Promise<Run> {
  const { workspaceId, recipe, model, connection, currency, steps } = order
  const slot = slotOf(order)
  const run = await database.inWorkspace(workspaceId, (tx) =>
    addRun(tx, {
      workspaceId,
      kind: ENRICHMENT,
      fingerprint,
      series: seriesOf({ recipe, provider: connection.provider, model }),
      settings: { slot, file: order.file, recipe, model, connectionId: connection.id, steps },
      currency,
      capNano: order.capNano ?? null,
    }),
  )
  await cancelSuperseded(database, { workspaceId, kind: ENRICHMENT, supersedes: slot, keepId: run.id })
  return run
}

/** Opens an approved job for driving: the cap is this order's, and what failed before is tried again. */
export async function beginJob({ database }: JobServices, { order, run }: RunnableJob): Promise<void> {
  const { workspaceId } = order
  await retryFailed(database, { workspaceId, runId: run.id })
  await database.inWorkspace(workspaceId, async (tx) => {
    await setBudgetLimit(tx, { id: run.budgetId, limitNano: order.capNano ?? null })
    const counts = await countItems(tx, run.id)
    await updateRun(tx, run.id, { itemCount: Object.values(counts).reduce((a, b) => a + b, 0) })
  })
}

/** Leaves a job waiting, with the reason; the same order continues it. */
export const pauseJob = (services: JobServices, { order, run }: RunnableJob, pause: Pause): Promise<void> =>
  services.database.inWorkspace(order.workspaceId, (tx) => updateRun(tx, run.id, { state: 'paused', pause: { ...pause } }))

function fingerprintOf(
  { recipe, connection, model, limit, file, steps: { batch } }: EnrichmentOrder,
  { importedHash }: ImportResult,
): string {
  const { provider, destination } = connection
  const asked = { recipe: recipeHash(recipe), provider, destination, model, limit, file, importedHash, ...(batch ? { batch } : {}) }
  return sha256(canonicalJson(asked))
}

/** Works until the end, a pause or an interruption, and leaves the end to `finishJob`. `upTo`: only the items up to that position (a canary). */
export async function driveJob(
  services: JobServices,
  job: RunnableJob,
  {
    concurrency,
    upTo,
    signal,
    hardSignal,
    onSettled,
    onAnswered,
  }: {
    concurrency: number
    upTo?: number
    signal: AbortSignal
    hardSignal: AbortSignal
    onSettled?: (items: readonly SettledItem[]) => void
    onAnswered?: (call: ObservedCall) => void
  },
): Promise<DriveEnd> {
  const { database, clock, instance, log } = services
  const { order, run, server, rules } = job
  const { workspaceId } = order
  const change = (values: Parameters<typeof updateRun>[2]): Promise<void> =>
    database.inWorkspace(workspaceId, (tx) => updateRun(tx, run.id, values))
  await change({ state: 'running', pause: null, ...(run.startedAt ? {} : { startedAt: clock.now() }) })
  let observed = nothingObserved
  log.info({ workspaceId, runId: run.id, count: run.itemCount }, 'run started')
  const work: EnrichmentWork = {
    services,
    workspaceId,
    runId: run.id,
    actor: order.actor,
    budgetId: run.budgetId,
    currency: order.currency,
    recipe: order.recipe,
    servers: [server],
    caching: order.steps.caching,
    leads: true, // also of a run that was made when the step was on
    load: (tx, items) => loadSubjects(tx, items, { recipe: order.recipe, rules, siblings: order.steps.siblings }),
    decision: order.decision,
    acceptFlagged: order.acceptFlagged,
    onAnswered: (call) => {
      observed = observeCall(observed, call)
      onAnswered?.(call)
    },
  }
  const usual = enrichmentWork(work)
  const common = { workspaceId, runId: run.id, instance, concurrency, signal, hardSignal, ...(onSettled ? { onSettled } : {}) }
  await endLeftBatches(services, workspaceId, signal)
  // a canary is there to be looked at soon: its few products are asked by usual calls
  const end =
    order.steps.batch && upTo === undefined
      ? await driveBatches({ ...common, services, kind: batchedEnrichment(work, usual) })
      : await driveRun({
          ...common,
          database,
          clock,
          ...(upTo === undefined ? {} : { upTo }),
          firstAlone: order.capNano !== undefined,
          kind: usual,
        })
  log.info({ workspaceId, runId: run.id, outcome: end.kind }, 'run ended')
  await database.inWorkspace(workspaceId, async (tx) => {
    const before = (await readRun(tx, run.id))?.observed
    await updateRun(tx, run.id, { observed: { ...addObservations({ ...nothingObserved, ...before }, observed) } })
  })
  if (end.kind === 'paused') await change({ state: 'paused', pause: { code: end.pause.code, detail: end.pause.detail } })
  else if (end.kind === 'interrupted')
    await change({
      state: 'paused',
      pause: { code: 'call.interrupted', detail: 'Interrupted. Continue it when you are ready: what is done is paid for once.' },
    })
  return end
}

/**
 * Closes a job whose items are all settled, when what was to follow (the file) is there as well: a job that was cut off before
 * that is taken up again by the same order, and its receipt still has every call.
 */
export const finishJob = ({ database, clock }: JobServices, { order, run }: RunnableJob): Promise<void> =>
  database.inWorkspace(order.workspaceId, (tx) => updateRun(tx, run.id, { state: 'finished', endedAt: clock.now() }))

/** How many of a job's items stand where; all zero without a run. */
export const runCounts = (services: JobServices, { order, run }: EnrichmentJob): Promise<ItemCounts> =>
  run
    ? services.database.inWorkspace(order.workspaceId, (tx) => countItems(tx, run.id))
    : Promise.resolve({ waiting: 0, leased: 0, done: 0, flagged: 0, failed: 0 })
