import { formatNano, type Money, parseNano } from '../../base/money.ts'
import * as contract from '../../contract/runs.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import type { RunManager } from '../../runs/manager.ts'
import { chooseSteps } from '../../runs/settings.ts'
import { runViews } from '../../runs/view.ts'
import { assignmentPreviewRoute } from './assignment-preview.ts'
import type { JobServices } from './job.ts'
import { checkRecipe } from './read-recipe.ts'
import { recipeRoutes } from './recipe-routes.ts'
import { addSelectionRun } from './selection-run.ts'
import { quoteSideBySide } from './side-by-side.ts'
import { staleRoutes } from './stale-routes.ts'
import { prepareTrial, type Trial, tryRecipe } from './trial.ts'

/** Enrichment from the page: recipes, quotes, trials, and runs over a selection. */
export function enrichmentRoutes(services: JobServices & { readonly runManager: RunManager }): HandledRoute[] {
  const { database } = services
  return [
    ...recipeRoutes(services),
    ...staleRoutes(services),
    assignmentPreviewRoute(services),
    handle(contract.addRun, async ({ who: { workspaceId, actor }, body }) => {
      const { selection, recipe, recipeId, servedBy, cap, canary, concurrency, startIfAtMost, steps } = body
      const run = await addSelectionRun(services, {
        workspaceId,
        actor,
        selection,
        recipe: recipe && checkRecipe(recipe),
        recipeId,
        servedBy,
        capNano: cap === undefined ? null : parseNano(cap),
        canary: canary ?? null,
        concurrency,
        startIfAtMost,
        steps,
      })
      return database.inWorkspace(workspaceId, async (tx) => (await runViews(tx, [run]))[0]!)
    }),
    handle(contract.quoteSelection, async ({ who: { workspaceId }, body: { selection, recipe, models, steps } }) => {
      const { quotes, ...counted } = await quoteSideBySide(services, {
        workspaceId,
        selection,
        recipe: checkRecipe(recipe),
        models,
        steps: chooseSteps(steps),
      })
      return {
        ...counted,
        quotes: quotes.map(({ candidate: { connection, model }, label, assigned, unchanged, quote, plan }) => ({
          connectionId: connection.id,
          connectionSlug: connection.slug,
          connectionLabel: label,
          provider: connection.provider,
          model,
          assigned,
          unchanged,
          quote,
          plan,
        })),
      }
    }),
    handle(contract.quoteTrial, async ({ who: { workspaceId }, body: { productId, recipe, servedBy } }) => {
      const order = { workspaceId, productId, recipe: checkRecipe(recipe), servedBy }
      const { candidate, prompt, tokens, atMost } = await prepareTrial(services, order)
      const { connection, model } = candidate
      return {
        connectionId: connection.id,
        connectionSlug: connection.slug,
        provider: connection.provider,
        model,
        system: prompt.system,
        user: prompt.user,
        inputTokens: tokens.system + tokens.product,
        atMost: moneyView(atMost),
      }
    }),
    handle(contract.tryRecipe, async ({ who: { workspaceId, actor }, body: { productId, recipe, servedBy }, request: { signal } }) =>
      trialView(await tryRecipe(services, { workspaceId, actor, productId, recipe: checkRecipe(recipe), servedBy, signal })),
    ),
  ]
}

const moneyView = (money: Money | undefined) => (money ? { currency: money.currency, amount: formatNano(money.nano) } : null)

function trialView({ id, candidate, prompt, values, usage, cost, callId, answer, cutShort, failure, seconds }: Trial) {
  const { connection, model } = candidate
  return {
    trialId: id,
    callId,
    connectionSlug: connection.slug,
    provider: connection.provider,
    model,
    practice: connection.provider === 'practice',
    system: prompt.system,
    user: prompt.user,
    answer,
    cutShort,
    values: values.map(({ flags, ...value }) => ({ ...value, flags: flags.map((flag) => ({ ...flag })) })),
    usage: usage ? { ...usage } : null,
    cost: moneyView(cost),
    failure,
    seconds,
  }
}
