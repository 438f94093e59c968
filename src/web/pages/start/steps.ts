import { queryOptions } from '@tanstack/react-query'
import { listAssignments } from '../../../contract/assignments.ts'
import { productFacets } from '../../../contract/catalogue.ts'
import { listConnections } from '../../../contract/connections.ts'
import type { Action } from '../../../contract/permissions.ts'
import { countProposals } from '../../../contract/review.ts'
import { listRuns } from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'

export interface Step {
  readonly id: 'provider' | 'assignment' | 'catalogue' | 'enrich' | 'review'
  readonly needs: Action
  /** Where it is done. */
  readonly to: string
  /** Where its result is. */
  readonly place: string
}
export type StepId = Step['id']

export const STEPS: readonly Step[] = [
  { id: 'provider', needs: 'connections.write', to: '/providers?add=provider', place: '/providers' },
  { id: 'assignment', needs: 'assignments.write', to: '/assignments', place: '/assignments' },
  { id: 'catalogue', needs: 'catalogue.write', to: '/catalogue?import=file', place: '/catalogue' },
  { id: 'enrich', needs: 'runs.write', to: '/catalogue', place: '/runs' },
  { id: 'review', needs: 'review.decide', to: '/review', place: '/catalogue' },
]

/** Which steps are done, from what is there. */
export const startQuery = queryOptions({
  queryKey: ['start'],
  queryFn: async ({ signal }): Promise<Record<StepId, boolean>> => {
    const [connections, assignments, facets, runs, proposals] = await Promise.all([
      callApi(listConnections, {}, signal),
      callApi(listAssignments, {}, signal),
      callApi(productFacets, {}, signal),
      callApi(listRuns, { query: { state: 'finished', limit: 1 } }, signal),
      callApi(countProposals, {}, signal),
    ])
    const active = connections.items.filter((connection) => connection.status === 'active')
    const enrichment = assignments.items.find((assignment) => assignment.context === 'enrichment')
    return {
      provider: active.length > 0,
      assignment: (enrichment?.candidates.length ?? 0) > 0,
      catalogue: facets.matching > 0,
      enrich: runs.items.length > 0,
      review: runs.items.length > 0 && proposals.total === 0,
    }
  },
})
