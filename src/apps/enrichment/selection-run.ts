import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import { callCandidate } from '../../calls/fallback.ts'
import { isBatched } from '../../calls/price.ts'
import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { readMemories, type SourceMemory } from '../../catalogue/memory/memory.ts'
import { countSelected, type RunSelection } from '../../catalogue/selection.ts'
import { attributesOf as sourceAttributes } from '../../catalogue/sources.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { AskedSteps } from '../../contract/run-steps.ts'
import type { Tx } from '../../db/database.ts'
import { sources } from '../../db/schema/index.ts'
import { readWorkspaceCurrency } from '../../people/workspaces.ts'
import { newId } from '../../runtime/ids.ts'
import type { RunManager } from '../../runs/manager.ts'
import { addRun, type Run } from '../../runs/runs.ts'
import { chooseSteps, type RunSettings } from '../../runs/settings.ts'
import { chooseCandidates } from './candidates.ts'
import { fitColumns } from './fit-columns.ts'
import type { JobServices } from './job.ts'
import { perCallOf } from './planner/steps.ts'
import { withPerCall } from './prompt.ts'
import { markUsed, readStoredRecipe } from './stored-recipes.ts'
import { seriesOf } from './work-hash.ts'
import { ENRICHMENT } from './work.ts'

const DEFAULT_CONCURRENCY = 8

/** What a person asked for on the page. */
export interface SelectionOrder {
  readonly workspaceId: string
  readonly actor: string
  readonly selection: RunSelection
  readonly recipe: Recipe | undefined // undefined: the stored one, as it is
  readonly wholeRecipe?: Recipe | undefined // of which `recipe` has some fields
  readonly recipeId: string | undefined
  readonly servedBy: { readonly connectionId: string; readonly model: string } | undefined // undefined: as the workspace assigned
  readonly capNano: bigint | null
  readonly canary: number | null
  readonly concurrency: number | undefined
  readonly startIfAtMost: string | undefined // plain decimal
  readonly steps: AskedSteps | undefined // undefined, or a part: as usual
}

/**
 * Makes a run over a selection of products, with copies of recipe and candidates as they are now; it is planned in the
 * background, and spends nothing before it is started. @throws `selection.empty`, `assignment.missing`, `connection.missing`,
 * `recipe.missing`
 */
export async function addSelectionRun(services: JobServices & { readonly runManager: RunManager }, order: SelectionOrder): Promise<Run> {
  const { database, clock, runManager } = services
  const { workspaceId, actor, selection, recipeId } = order
  await refreshCatalogueIndex(database, workspaceId)
  const run = await database.inWorkspace(workspaceId, async (tx) => {
    const stored = recipeId === undefined ? undefined : await readStoredRecipe(tx, recipeId)
    const asked = order.recipe ?? stored?.recipe
    if (!asked) throw new AppError('request.invalid', 'Give a recipe, or the id of a stored one.')
    const steps = chooseSteps(order.steps)
    const fitted = fitColumns(asked, await attributeNames(tx))
    const recipe = withPerCall(fitted, perCallOf(fitted, steps))
    const { candidates, assigned } = await chooseCandidates(tx, order.servedBy && [order.servedBy])
    if (order.steps?.batch && !candidates.some((candidate) => isBatched(callCandidate(candidate), clock.now()))) throw noBatches()
    const selected = await countSelected(tx, selection)
    if (selected === 0) throw new AppError('selection.empty', 'There is no product in this selection. Choose others in the catalogue.')
    const [first] = candidates
    const settings: RunSettings = {
      recipe,
      ...(order.wholeRecipe ? { wholeRecipe: order.wholeRecipe } : {}),
      recipeId: recipeId ?? null,
      recipeName: stored?.name ?? recipe.name ?? null,
      selection,
      candidates,
      assigned,
      concurrency: order.concurrency ?? DEFAULT_CONCURRENCY,
      canary: order.canary,
      startIfAtMost: order.startIfAtMost ?? null,
      steps,
      memory: Object.fromEntries(await memoryOf(tx, selection)),
    }
    const added = await addRun(tx, {
      workspaceId,
      kind: ENRICHMENT,
      fingerprint: newId(), // no command continues it
      series: seriesOf({ recipe, provider: first!.connection.provider, model: first!.model }),
      settings: { ...settings },
      currency: await readWorkspaceCurrency(tx),
      capNano: order.capNano,
      background: { createdBy: actor, plan: { selected, looked: 0, unchanged: 0 }, upTo: null },
    })
    if (recipeId !== undefined) await markUsed(tx, { id: recipeId, now: clock.now() })
    await recordAudit(tx, { workspaceId, actor, action: 'run.added', subject: `run:${added.id}`, detail: { products: selected } })
    return added
  })
  runManager.look({ workspaceId, runId: run.id })
  return run
}

const noBatches = (): AppError =>
  new AppError('batch.unavailable', 'No batch price is known for any model of this run. Choose another model, or run it without batches.')

/** What is remembered of the sources that a selection may hold products of. */
async function memoryOf(tx: Tx, selection: RunSelection): Promise<Map<string, SourceMemory>> {
  const only = 'filter' in selection ? selection.filter.sourceId : undefined
  const all = only === undefined ? await tx.select({ id: sources.id }).from(sources) : [{ id: only }]
  return readMemories(
    tx,
    all.map(({ id }) => id),
  )
}

/** How the workspace's files spell their columns. */
export async function attributeNames(tx: Tx): Promise<string[]> {
  const all = await tx.select({ format: sources.format, attributes: sources.attributes, mapping: sources.mapping }).from(sources)
  return [...new Set(all.flatMap(sourceAttributes))]
}
