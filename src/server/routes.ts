import { localModelRoutes } from '../apps/connection-checks/local-routes.ts'
import type { Pulls } from '../apps/connection-checks/pulls.ts'
import { probeRoutes } from '../apps/connection-checks/probe/routes.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionCheckRoutes } from '../apps/connection-checks/routes.ts'
import { enrichmentRoutes } from '../apps/enrichment/routes.ts'
import { gatewayRoutes } from '../apps/gateway/routes.ts'
import { assignmentRoutes } from '../assignments/routes.ts'
import { forgetAccessTokens } from '../calls/access-token.ts'
import { memoryRoutes } from '../catalogue/memory/routes.ts'
import { reviewRoutes } from '../catalogue/review-routes.ts'
import { catalogueRoutes } from '../catalogue/routes.ts'
import { structureRoutes } from '../catalogue/structure/routes.ts'
import { connectionRoutes } from '../connections/routes.ts'
import { listLatestCalls } from '../contract/gateway.ts'
import type { HandledRoute } from '../http/handle.ts'
import { ledgerRoutes } from '../ledger/routes.ts'
import { noticeRoutes } from '../people/notice-routes.ts'
import { peopleRoutes } from '../people/routes.ts'
import { signInRoutes, type SignInServices } from '../people/sign-in-routes.ts'
import type { RunManager } from '../runs/manager.ts'
import { runRoutes } from '../runs/routes.ts'
import type { Services } from './services.ts'

/** What the routes of all rooms are made from. */
export type RouteServices = Services & SignInServices & { readonly origin: string; readonly runManager: RunManager; readonly pulls: Pulls }

/** Every route there is, from the rooms that own them. */
export const allRoutes = (services: RouteServices): HandledRoute[] => [
  ...signInRoutes(services),
  ...peopleRoutes(services),
  ...readingLedger(services, ledgerRoutes(services)),
  ...connectionRoutes({ ...services, keyDestroyed: (connectionId) => forgetAccessTokens(services.vault, connectionId) }),
  ...connectionCheckRoutes(services),
  ...probeRoutes(services),
  ...localModelRoutes(services),
  ...assignmentRoutes(services),
  ...catalogueRoutes(services),
  ...structureRoutes(services),
  ...reviewRoutes(services),
  ...memoryRoutes(services),
  ...enrichmentRoutes(services),
  ...readingLedger(services, gatewayRoutes(services)),
  ...runRoutes(services),
  ...noticeRoutes(services),
]

/** How long a reader waits for calls that came by the thousand to be in their tables; what then is missing is seconds old. */
const CATCH_UP_MS = 1_000

/** Asked every two seconds by an open page: what it shows is a moment old on a busy server, which it does not make busier. */
const LOOKED_AT_ALL_THE_TIME: ReadonlySet<string> = new Set([listLatestCalls.id])

/** Routes that read the ledger see every call that ended before they were asked. */
function readingLedger({ ledger }: Services, routes: readonly HandledRoute[]): HandledRoute[] {
  return routes.map(({ route, handler }) => {
    const unlessBusy = LOOKED_AT_ALL_THE_TIME.has(route.id)
    const caughtUp = async (input: never): Promise<unknown> => {
      await Promise.race([ledger.caughtUp({ unlessBusy }), sleep(CATCH_UP_MS, undefined, { ref: false })])
      return handler(input)
    }
    return { route, handler: caughtUp }
  })
}
