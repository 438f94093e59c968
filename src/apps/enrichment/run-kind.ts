import { eq, inArray } from 'drizzle-orm'
import { candidatesFor, candidatesForFlagged } from '../../assignments/resolve.ts'
import { withMappings } from '../../catalogue/mappings.ts'
import { withParents } from '../../catalogue/parents.ts'
import type { Tx } from '../../db/database.ts'
import { productIndex, products } from '../../db/schema/index.ts'
import { readBudget } from '../../ledger/budgets.ts'
import { memberOfActor } from '../../people/members.ts'
import { windDownBatches } from '../../runs/batch-step.ts'
import { driveBatches } from '../../runs/drive-batches.ts'
import { driveRun } from '../../runs/drive.ts'
import { throughGate } from '../../runs/gate.ts'
import type { ManagedKind } from '../../runs/manager.ts'
import type { LeasedItem } from '../../runs/run-kind.ts'
import { readRun, type Run, updateRun } from '../../runs/runs.ts'
import { type RunSettings, settingsOf } from '../../runs/settings.ts'
import { batchedEnrichment } from './batch-work.ts'
import type { JobServices } from './job.ts'
import { addObservations, nothingObserved, type Observation, observeCall } from './observation.ts'
import { hashFor, planRun } from './plan-run.ts'
import { fillFollowers } from './planner/fill-followers.ts'
import { openRules } from './planner/open-rules.ts'
import type { Rules } from './planner/rules.ts'
import { factsOf, recordOf } from './record.ts'
import { type EnrichmentQuote, quoteOfRun } from './run-quote.ts'
import { openServers } from './servers.ts'
import type { EnrichmentSubject } from './settle-call.ts'
import { workInput } from './show.ts'
import { ruled, subjectsOf } from './subjects.ts'
import { taughtRecipe } from './taught-recipe.ts'
import { ENRICHMENT, type EnrichmentWork, enrichmentWork } from './work.ts'

/** Enrichment, as the run manager plans and drives it: over products of the catalogue, what it writes are proposals. */
export const enrichmentKind = (services: JobServices): ManagedKind => ({
  id: ENRICHMENT,
  plan: (run, signal) => planRun(services, run, signal),
  async drive(run, { gate, signal, hardSignal }) {
    const { database, clock, instance } = services
    const { id: runId, workspaceId } = run
    const { work, settings, capped, currency, observed } = await openWork(services, run)
    const { concurrency, steps } = settings
    const usual = throughGate(enrichmentWork(work), { gate, runId, signal })
    // a canary is there to be looked at soon: its few products are asked by usual calls
    const inBatches = steps.batch && run.upTo === null
    const common = { workspaceId, runId, instance, concurrency, signal, hardSignal }
    try {
      return inBatches
        ? await driveBatches({ ...common, services, kind: batchedEnrichment(work, usual) })
        : await driveRun({ ...common, database, clock, kind: usual, upTo: run.upTo, firstAlone: capped })
    } finally {
      await keepObserved(services, { run, settings, currency, observed })
    }
  },
  async windDown(run, { gate, signal, hardSignal }) {
    const { id: runId, workspaceId } = run
    const { work, settings } = await openWork(services, run)
    const kind = batchedEnrichment(work, throughGate(enrichmentWork(work), { gate, runId, signal }))
    const drive = { services, instance: services.instance, workspaceId, runId, kind, concurrency: settings.concurrency, signal, hardSignal }
    await windDownBatches(drive, { isFinal: run.state === 'cancelled' })
  },
})

/** What a run's work stands on: its settings, its money, and who serves it. */
async function openWork(services: JobServices, run: Run) {
  const { id: runId, workspaceId, createdBy: actor, budgetId } = run
  const settings = settingsOf(run)!
  const { budget, member } = await services.database.inWorkspace(workspaceId, async (tx) => ({
    budget: (await readBudget(tx, budgetId))!,
    member: await memberOfActor(tx, actor),
  }))
  const { currency, limitNano } = budget
  const rules = settings.steps.rules ? await openRules(services.database, { workspaceId, recipe: settings.recipe }) : undefined
  const observed: Observation[] = settings.candidates.map(() => nothingObserved)
  const work: EnrichmentWork = {
    services,
    workspaceId,
    runId,
    actor,
    member,
    budgetId,
    currency,
    recipe: settings.recipe,
    servers: await openServers(settings.candidates, services),
    leads: settings.steps.siblings,
    caching: settings.steps.caching,
    load: (tx, items) => loadSubjects(tx, items, settings, rules),
    decision: null,
    acceptFlagged: false,
    onAnswered: (call, place) => {
      observed[place] = observeCall(observed[place]!, call)
    },
  }
  return { work, settings, capped: limitNano !== null, currency, observed }
}

/** What was observed serves this run's quote from here on, and the next runs of the same recipe on its first model. */
async function keepObserved(
  services: JobServices,
  { run, settings, currency, observed }: { run: Run; settings: RunSettings; currency: string; observed: readonly Observation[] },
): Promise<void> {
  const { database } = services
  const { id: runId, workspaceId } = run
  const before = await database.inWorkspace(workspaceId, (tx) => readRun(tx, runId))
  if (!before?.quote) return
  const quote = before.quote as unknown as EnrichmentQuote
  const counted = {
    ...quote.counted,
    observed: observed.map((seen, place) => addObservations(quote.counted.observed[place] ?? nothingObserved, seen)),
  }
  // Only once: after that the figures of what was spent say more.
  const { whole: afterCanary } =
    run.upTo === null ? { whole: quote.afterCanary } : await quoteOfRun(services, { workspaceId, settings, currency, counted })
  await database.inWorkspace(workspaceId, (tx) =>
    updateRun(tx, runId, {
      observed: { ...counted.observed[0]! },
      quote: { ...quote, counted, ...(afterCanary ? { afterCanary } : {}) },
    }),
  )
}

/** The products of leased items, as they stand now, with who may be asked about each. */
async function loadSubjects(
  tx: Tx,
  items: readonly LeasedItem[],
  { recipe, wholeRecipe, candidates, steps, memory }: Pick<RunSettings, 'recipe' | 'wholeRecipe' | 'candidates' | 'steps' | 'memory'>,
  rules: Rules | undefined,
): Promise<EnrichmentSubject[]> {
  const ids = items.map(({ subjectId }) => subjectId)
  const rows = await tx
    .select({
      id: products.id,
      sourceId: products.sourceId,
      parentId: products.parentId,
      identifier: products.identifier,
      imported: products.imported,
      written: products.written,
      family: productIndex.family,
    })
    .from(products)
    .leftJoin(productIndex, eq(productIndex.productId, products.id))
    .where(inArray(products.id, ids))
  const subjects = subjectsOf(items, await withParents(tx, await withMappings(tx, rows)), (row, item) => {
    const taught = taughtRecipe(recipe, memory?.[row.sourceId])
    const values = recordOf(row, wholeRecipe ?? recipe)
    const shown = workInput(values, recipe)
    const facts = factsOf(row, { shown, candidates })
    const own = candidates[item.candidate]!
    const looksAgain = item.escalated !== null || own.rules.flaggedByFirst === true
    const chain = looksAgain ? candidatesForFlagged(candidates, facts, -1) : candidatesFor(candidates, facts)
    // Who was chosen when the run was planned stays, also for a product that has changed since.
    const others = chain[0] === own ? chain.slice(1) : []
    const [again] = looksAgain || !steps.cheapFirst ? [] : candidatesForFlagged(candidates, facts, item.candidate)
    return {
      identifier: row.identifier,
      values,
      taught,
      // What the one who looks again writes is made by another model than was planned.
      workHash: item.escalated ? hashFor(own, { recipe: taught, shown }) : item.workHash,
      ...ruled(taught, rules, values),
      chain: [item.candidate, ...others.map((candidate) => candidates.indexOf(candidate))],
      secondLook: again && candidates.indexOf(again),
    }
  })
  if (!steps.siblings) return subjects
  return fillFollowers(tx, subjects, { recipe, recordOf: (product) => recordOf(product, wholeRecipe ?? recipe), inherits: true })
}
