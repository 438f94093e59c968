import { createRouter } from '@tanstack/react-router'
import { routeTree } from './routes.tsx'
import { PageError } from './shell/page-error.tsx'
import { PageMissing } from './shell/page-missing.tsx'
import { PageWaiting } from './shell/page-waiting.tsx'

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0, // the query cache decides what is fresh
  defaultPendingMs: 200,
  defaultPendingMinMs: 0,
  defaultPendingComponent: PageWaiting,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: PageMissing,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
