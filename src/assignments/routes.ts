import {
  addContext as addContextRoute,
  listAssignments as listRoute,
  readAssignment as readRoute,
  removeContext as removeContextRoute,
  replaceAssignment as replaceRoute,
} from '../contract/assignments.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { addContext, listAssignments, readAssignment, removeContext, replaceAssignment } from './assignments.ts'

/** Contexts, and the candidates that serve them. */
export function assignmentRoutes({ database, clock }: { readonly database: Database; readonly clock: Clock }): HandledRoute[] {
  return [
    handle(listRoute, async ({ who }) => ({
      items: await database.inWorkspace(who.workspaceId, (tx) => listAssignments(tx, clock.now())),
    })),
    handle(readRoute, ({ who, params }) => database.inWorkspace(who.workspaceId, (tx) => readAssignment(tx, params.context, clock.now()))),
    handle(replaceRoute, ({ who: { workspaceId, actor }, params: { context }, body }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        await replaceAssignment(tx, { workspaceId, actor, context, ...body, now: clock.now() })
        return readAssignment(tx, context, clock.now())
      }),
    ),
    handle(addContextRoute, ({ who: { workspaceId, actor }, body: { context } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        await addContext(tx, { workspaceId, actor, context })
        return readAssignment(tx, context, clock.now())
      }),
    ),
    handle(removeContextRoute, ({ who: { workspaceId, actor }, params: { context } }) =>
      database.inWorkspace(workspaceId, (tx) => removeContext(tx, { workspaceId, actor, context })),
    ),
  ]
}
