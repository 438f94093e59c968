import { eq } from 'drizzle-orm'
import { readProduct } from '../../catalogue/edit.ts'
import { soon } from '../../catalogue/soon.ts'
import * as contract from '../../contract/stale.ts'
import { staleValues } from '../../db/schema/index.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import type { RunManager } from '../../runs/manager.ts'
import type { JobServices } from './job.ts'
import { checkRecipe } from './read-recipe.ts'
import { quoteRefresh, refreshStale } from './refresh.ts'
import { checkStaleValues, isChecking, readStaleCheck, readStaleGroups } from './stale-check.ts'
import { previewStale } from './stale-preview.ts'

/** Stale values: which, why, what writing them again costs, and doing so. */
export function staleRoutes(services: JobServices & { readonly runManager: RunManager }): HandledRoute[] {
  const { database, log } = services
  const stateOf = async (workspaceId: string) => {
    const { check, groups } = await database.inWorkspace(workspaceId, async (tx) => ({
      check: await readStaleCheck(tx),
      groups: await readStaleGroups(tx),
    }))
    const running = isChecking(database, workspaceId)
    return {
      groups,
      check: check
        ? {
            ...check,
            startedAt: check.startedAt.toISOString(),
            endedAt: running ? null : (check.endedAt ?? check.startedAt).toISOString(), // one that begins has the last one's row at first
            outdated: check.outdated || (check.endedAt === null && !running), // it was cut off
          }
        : null,
    }
  }
  return [
    handle(contract.readStale, ({ who: { workspaceId } }) => stateOf(workspaceId)),
    handle(contract.checkStale, async ({ who: { workspaceId } }) => {
      await soon(checkStaleValues(database, workspaceId), (error) => {
        log.error({ workspaceId, error }, 'the check of stale values ended')
      })
      return stateOf(workspaceId)
    }),
    handle(contract.quoteRefresh, ({ who: { workspaceId }, body }) => quoteRefresh(services, { workspaceId, ...body })),
    handle(contract.refreshStale, async ({ who: { workspaceId, actor }, body }) => ({
      runIds: await refreshStale(services, { workspaceId, actor, ...body }),
    })),
    handle(contract.previewStale, ({ who: { workspaceId }, params: { recipeId }, body: { recipe } }) =>
      previewStale(services, { workspaceId, recipeId, recipe: checkRecipe(recipe) }),
    ),
    handle(contract.readStaleProduct, ({ who: { workspaceId }, params: { productId } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        await readProduct(tx, productId)
        const rows = await tx.select().from(staleValues).where(eq(staleValues.productId, productId))
        return {
          values: rows.map(({ attribute, locale, causes, changed }) => ({
            attribute,
            locale,
            causes: causes as contract.StaleCause[],
            changed,
          })),
        }
      }),
    ),
  ]
}
