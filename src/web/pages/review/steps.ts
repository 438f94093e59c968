import { groupProposals } from '../../../contract/group-review.ts'
import { countProposals, decideAll, listProposals, type redo, type undo, valueHistory } from '../../../contract/review.ts'
import { listProducts, readProduct } from '../../../contract/catalogue.ts'
import { readProductStanding } from '../../../contract/structure.ts'
import type { RouteAnswer, RouteArguments } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'

/** What was undone as one step, and what stays because it was changed since. */
export type Undone = { readonly undone: number; readonly kept: number; readonly keptValues: RouteAnswer<typeof undo>['keptValues'] }

export type StepTarget = RouteArguments<typeof undo>['body']['of']

/** Takes a decision or a run back, or takes that back, batch after batch. Can be cut off and begun again. */
export async function takeBack(
  route: typeof undo | typeof redo,
  of: StepTarget,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (undone: number) => void } = {},
): Promise<Undone> {
  let undone = 0
  for (let cursor: string | null = null; ;) {
    const answer: RouteAnswer<typeof undo> = await callApi(route, { body: { of, cursor } }, signal)
    undone += answer.undone
    onProgress?.(undone)
    if (answer.cursor === null) {
      await valuesChanged()
      return { undone, kept: answer.kept ?? 0, keptValues: answer.keptValues }
    }
    cursor = answer.cursor
  }
}

type DecideAll = RouteArguments<typeof decideAll>['body']

export interface DecidedAll {
  readonly decisionId: string | null
  readonly decided: number
  readonly left: number
}

/** Decides on all that match, batch after batch; aborting `signal` ends it after the batch under way, and what was decided stays. */
export async function decideOnAll(
  asked: Omit<DecideAll, 'continues' | 'cursor'>,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (done: DecidedAll) => void },
): Promise<DecidedAll> {
  let done: DecidedAll = { decisionId: null, decided: 0, left: 0 }
  for (let cursor: string | null = null; ;) {
    const answer: RouteAnswer<typeof decideAll> = await callApi(decideAll, { body: { ...asked, continues: done.decisionId, cursor } })
    done = { decisionId: answer.decisionId, decided: answer.decided, left: done.left + answer.left }
    onProgress(done)
    if (answer.cursor === null || signal.aborted) {
      await valuesChanged()
      return done
    }
    cursor = answer.cursor
  }
}

/** Values of products are others now: whatever shows them reads them again. */
export const valuesChanged = (): Promise<void> =>
  invalidate(listProposals, countProposals, groupProposals, valueHistory, readProduct, readProductStanding, listProducts)
