import { useRef, useState } from 'react'
import { countProposals, decideProposals, undo, type DecisionResult, type ProposalView } from '../../../contract/review.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { takeBack } from './steps.ts'
import type { Given } from './value-text.ts'

/** What became of a proposal on this page. `asked`: on its way to the server. */
export interface Decided {
  readonly result: DecisionResult['result'] | 'asked'
  readonly said: 'accept' | 'reject' | 'edit'
  readonly by: string | null
}

export type Say =
  | { readonly decision: 'accept' }
  | { readonly decision: 'reject'; readonly reason?: string }
  | { readonly decision: 'edit'; readonly value: Given }

/**
 * Decisions as the person makes them: shown at once, sent in the background, and each the next one to be undone. What the server
 * did not do is said and stands open again.
 */
export function useDecisions() {
  const { t } = useText()
  const [decided, setDecided] = useState<ReadonlyMap<string, Decided>>(new Map())
  const steps = useRef<{ id: string; decisionId: Promise<string | null> }[]>([])
  const [canUndo, setCanUndo] = useState(false)

  const mark = (id: string, state: Decided | undefined) =>
    setDecided((before) => {
      const after = new Map(before)
      if (state) after.set(id, state)
      else after.delete(id)
      return after
    })

  const send = async ({ id, current }: ProposalView, said: Say): Promise<string | null> => {
    const over = current.changeId
    const decision =
      said.decision === 'edit'
        ? { id, over, ...said }
        : said.decision === 'accept'
          ? { id, over, decision: said.decision }
          : { id, ...said }
    try {
      const { decisionId, results } = await callApi(decideProposals, { body: { decisions: [decision] } })
      const { result, decidedByName } = results[0]!
      mark(id, { result, said: said.decision, by: decidedByName })
      return result === 'changed' || result === 'already_decided' ? null : decisionId
    } catch (error) {
      mark(id, undefined)
      sayProblem(error, t)
      return null
    } finally {
      void invalidate(countProposals)
    }
  }

  /** @returns the decision's id; null: nothing was done. */
  const decide = (proposal: ProposalView, said: Say): Promise<string | null> => {
    mark(proposal.id, { result: 'asked', said: said.decision, by: null })
    const decisionId = send(proposal, said)
    steps.current.push({ id: proposal.id, decisionId })
    setCanUndo(true)
    return decisionId
  }

  /** @returns the proposal that stands open again; undefined: there was nothing to undo. */
  const undoLast = async (): Promise<string | undefined> => {
    for (let last = steps.current.pop(); last; last = steps.current.pop()) {
      setCanUndo(steps.current.length > 0)
      const decisionId = await last.decisionId
      if (decisionId === null) continue
      try {
        await takeBack(undo, { decisionId })
        mark(last.id, undefined)
        return last.id
      } catch (error) {
        sayProblem(error, t)
        return undefined
      }
    }
    return undefined
  }

  const forget = (): void => {
    steps.current = []
    setCanUndo(false)
    setDecided(new Map())
  }

  return { decided, decide, canUndo, undoLast, forget }
}
