import { localModelRoutes } from '../apps/connection-checks/local-routes.ts'
import type { Pulls } from '../apps/connection-checks/pulls.ts'
import { probeRoutes } from '../apps/connection-checks/probe/routes.ts'
import { connectionCheckRoutes } from '../apps/connection-checks/routes.ts'
import { enrichmentRoutes } from '../apps/enrichment/routes.ts'
import { gatewayRoutes } from '../apps/gateway/routes.ts'
import { assignmentRoutes } from '../assignments/routes.ts'
import { forgetAccessTokens } from '../calls/access-token.ts'
import { reviewRoutes } from '../catalogue/review-routes.ts'
import { catalogueRoutes } from '../catalogue/routes.ts'
import { connectionRoutes } from '../connections/routes.ts'
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
  ...ledgerRoutes(services),
  ...connectionRoutes({ ...services, keyDestroyed: (connectionId) => forgetAccessTokens(services.vault, connectionId) }),
  ...connectionCheckRoutes(services),
  ...probeRoutes(services),
  ...localModelRoutes(services),
  ...assignmentRoutes(services),
  ...catalogueRoutes(services),
  ...reviewRoutes(services),
  ...enrichmentRoutes(services),
  ...gatewayRoutes(services),
  ...runRoutes(services),
  ...noticeRoutes(services),
]
