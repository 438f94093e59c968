import type { AssignedCandidate } from '../assignments/resolve.ts'
import type { SourceMemory } from '../catalogue/memory/memory.ts'
import type { RunSelection } from '../catalogue/selection.ts'
import type { Recipe } from '../contract/recipe.ts'
import { columnOf } from '../contract/recipe.ts'
import { type AskedSteps, type RunSteps, USUAL_STEPS } from '../contract/run-steps.ts'
import type { Run } from './runs.ts'

/** What a run was asked to do, as it was when it was made: later changes of recipe or assignment do not reach it. */
export interface RunSettings {
  readonly recipe: Recipe
  readonly recipeId: string | null
  readonly recipeName: string | null
  readonly selection: RunSelection
  readonly candidates: readonly AssignedCandidate[]
  readonly assigned: boolean // they are the workspace's assignment; else a person named one for this run
  readonly concurrency: number
  readonly canary: number | null // products
  readonly startIfAtMost: string | null // plain decimal: a quote up to this was approved before it was exact
  readonly steps: RunSteps
  /** A refresh asks for some fields of a recipe: this is all of it, which says what a product's own data is. Absent: `recipe` is whole. */
  readonly wholeRecipe?: Recipe
  /** What was remembered of its sources, by source; absent: nothing. */
  readonly memory?: Readonly<Record<string, SourceMemory>>
}

/** The steps of runs that were made before there was a choice. */
const FIRST_STEPS: RunSteps = { ...USUAL_STEPS, rules: false, siblings: false }

export const chooseSteps = (asked: AskedSteps | undefined): RunSteps => ({
  ...USUAL_STEPS,
  ...(Object.fromEntries(Object.entries(asked ?? {}).filter(([, value]) => value !== undefined)) as Partial<RunSteps>),
})

/** The settings of a run that the run manager has; undefined for one of the command line. */
export function settingsOf({ plan, settings }: Pick<Run, 'plan' | 'settings'>): RunSettings | undefined {
  return plan ? ({ ...settings, steps: stepsOf({ settings }) } as unknown as RunSettings) : undefined
}

/** The steps of any run. */
export const stepsOf = ({ settings }: Pick<Run, 'settings'>): RunSteps => ({
  ...FIRST_STEPS,
  ...(settings as Partial<Pick<RunSettings, 'steps'>>).steps,
})

/** How many products share a call in any run. */
export const perCallIn = ({ settings }: Pick<Run, 'settings'>): number => (settings as { recipe?: Recipe }).recipe?.perCall ?? 1

/** What a page calls a run. A run of the command line has its file. */
export interface RunTitle {
  readonly recipeId: string | null
  readonly recipeName: string | null
  readonly locale: string | null
  readonly attributes: readonly string[]
  readonly source: string | null // the file's name
}

export function titleOf({ plan, settings }: Pick<Run, 'plan' | 'settings'>): RunTitle {
  const { recipe, recipeId = null, recipeName = null } = settings as { recipe?: Recipe } & Partial<RunSettings>
  const file = plan ? undefined : settings['file']
  return {
    recipeId,
    recipeName: recipeName ?? recipe?.name ?? null,
    locale: recipe?.locale ?? null,
    attributes: recipe?.fields.map(columnOf) ?? [],
    source: typeof file === 'string' ? (file.split(/[/\\]/).at(-1) ?? null) : null,
  }
}

/** The model of a run of the command line, which has one candidate and keeps it in its own way. */
export function commandCandidate({
  settings,
}: Pick<Run, 'settings'>): { readonly connectionId: string; readonly model: string } | undefined {
  const { connectionId, model } = settings
  return typeof connectionId === 'string' && typeof model === 'string' ? { connectionId, model } : undefined
}
