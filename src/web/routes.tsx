import { createRootRoute, createRoute, lazyRouteComponent, redirect, type RouteComponent } from '@tanstack/react-router'
import { believeWorkspace } from './api/call.ts'
import { ApiProblem } from './api/problem.ts'
import { queryClient } from './api/query.ts'
import { budgetsSearch } from './pages/budgets/search.ts'
import { consumptionSearch } from './pages/consumption/search.ts'
import { reviewSearch } from './pages/review/search.ts'
import { enrichSearch } from './pages/enrich/search.ts'
import { runSearch, runsSearch } from './pages/runs/search.ts'
import { catalogueSearch, productSearch } from './pages/catalogue/search.ts'
import { structureSearch } from './pages/structure/search.ts'
import { gatewaySearch } from './pages/gateway/search.ts'
import { loadAllTexts } from './messages/language.ts'
import { OuterError, OuterMissing } from './shell/outer-states.tsx'
import { Root } from './shell/root.tsx'
import { Shell } from './shell/shell.tsx'
import { backOf } from './support/back.ts'
import { meQuery } from './support/me.ts'

const inviteOf = (search: Record<string, unknown>): { invite?: true } => (search['invite'] === true ? { invite: true } : {})

// Said to be components and no more: pages ask the router for its types (`useSearch`), and the router is made of them.
const rootComponent: RouteComponent = Root
const shellComponent: RouteComponent = Shell

const root = createRootRoute({ component: rootComponent, notFoundComponent: OuterMissing, errorComponent: OuterError })

/** "provider": the dialog that adds one; a connection's id: the one to assign. */
const addOf = (search: Record<string, unknown>): { add?: string } => (typeof search['add'] === 'string' ? { add: search['add'] } : {})

/** Pages inside the shell: only for who is signed in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: shellComponent,
  errorComponent: OuterError,
  beforeLoad: async ({ location }) => {
    try {
      const me = await queryClient.ensureQueryData(meQuery)
      believeWorkspace(me.workspace?.id)
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'session.missing')
        throw redirect({ to: '/sign-in', search: { back: location.href } })
      throw error
    }
  },
})

type Load<Name extends string> = () => Promise<Readonly<Record<Name, unknown>>>

/** A page that can be the first: it has texts of the first areas only (messages/first.en.ts). */
const firstPage = <Name extends string>(load: Load<Name>, name: Name): RouteComponent =>
  lazyRouteComponent(load as () => Promise<Record<string, RouteComponent>>, name)

/** A page's component, loaded with all texts when it is first gone to. */
const page = <Name extends string>(load: Load<Name>, name: Name): RouteComponent =>
  firstPage(async () => (await Promise.all([load(), loadAllTexts()]))[0], name)

const inRoot = () => root
const inShell = () => shell

// Lists of their own, so that the types of their parameters and search are kept: one line for each page.
const openPages = [
  createRoute({
    getParentRoute: inRoot,
    path: '/sign-in',
    validateSearch: backOf,
    component: firstPage(() => import('./pages/people/sign-in.tsx'), 'SignInPage'),
  }),
  createRoute({ getParentRoute: inRoot, path: '/claim', component: firstPage(() => import('./pages/people/claim.tsx'), 'ClaimPage') }),
  createRoute({ getParentRoute: inRoot, path: '/join/$token', component: firstPage(() => import('./pages/people/join.tsx'), 'JoinPage') }),
] as const

const shellPages = [
  createRoute({ getParentRoute: inShell, path: '/', component: firstPage(() => import('./pages/start/start.tsx'), 'StartPage') }),
  createRoute({
    getParentRoute: inShell,
    path: '/account',
    component: firstPage(() => import('./pages/people/account.tsx'), 'AccountPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/members',
    validateSearch: inviteOf,
    component: firstPage(() => import('./pages/people/members.tsx'), 'MembersPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/providers',
    validateSearch: addOf,
    component: page(() => import('./pages/providers/providers.tsx'), 'ProvidersPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/providers/$connectionId',
    component: page(() => import('./pages/providers/connection.tsx'), 'ConnectionPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/assignments',
    component: page(() => import('./pages/assignments/assignments.tsx'), 'AssignmentsPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/assignments/$context',
    validateSearch: addOf,
    component: page(() => import('./pages/assignments/assignment.tsx'), 'AssignmentPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/gateway',
    validateSearch: gatewaySearch,
    component: page(() => import('./pages/gateway/gateway.tsx'), 'GatewayPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/budgets',
    validateSearch: budgetsSearch,
    component: page(() => import('./pages/budgets/budgets.tsx'), 'BudgetsPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/consumption',
    validateSearch: consumptionSearch,
    component: page(() => import('./pages/consumption/consumption.tsx'), 'ConsumptionPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/review',
    validateSearch: reviewSearch,
    component: page(() => import('./pages/review/review.tsx'), 'ReviewPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/review/groups',
    validateSearch: reviewSearch,
    component: page(() => import('./pages/review/groups.tsx'), 'GroupsPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/review/samples/$sampleId',
    component: page(() => import('./pages/review/sample.tsx'), 'SamplePage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/catalogue',
    validateSearch: catalogueSearch,
    component: page(() => import('./pages/catalogue/catalogue.tsx'), 'CataloguePage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/structure',
    validateSearch: structureSearch,
    component: page(() => import('./pages/structure/structure.tsx'), 'StructurePage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/catalogue/$productId',
    validateSearch: productSearch,
    component: page(() => import('./pages/catalogue/product.tsx'), 'ProductPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/enrich',
    validateSearch: enrichSearch,
    component: page(() => import('./pages/enrich/enrich.tsx'), 'EnrichPage'),
  }),
  createRoute({ getParentRoute: inShell, path: '/recipes', component: page(() => import('./pages/enrich/recipes.tsx'), 'RecipesPage') }),
  createRoute({
    getParentRoute: inShell,
    path: '/runs',
    validateSearch: runsSearch,
    component: page(() => import('./pages/runs/runs.tsx'), 'RunsPage'),
  }),
  createRoute({ getParentRoute: inShell, path: '/runs/stale', component: page(() => import('./pages/stale/stale.tsx'), 'StalePage') }),
  createRoute({
    getParentRoute: inShell,
    path: '/sources/$sourceId/memory',
    component: page(() => import('./pages/memory/memory.tsx'), 'MemoryPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/runs/$runId',
    validateSearch: runSearch,
    component: page(() => import('./pages/runs/run.tsx'), 'RunPage'),
  }),
  createRoute({
    getParentRoute: inShell,
    path: '/settings',
    component: firstPage(() => import('./pages/people/settings.tsx'), 'SettingsPage'),
  }),
] as const

/** Every page of the product. */
export const routeTree = root.addChildren([...openPages, shell.addChildren(shellPages)])
