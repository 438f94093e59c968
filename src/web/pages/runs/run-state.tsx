import type { RunView } from '../../../contract/runs.ts'
import { Badge, type Meaning } from '../../components/badge.tsx'
import { useText } from '../../messages/text.tsx'

type Standing = Pick<RunView, 'state' | 'planning' | 'waitsForApproval' | 'counts'>

export type RunStanding = 'planning' | 'ready' | 'nothing' | 'running' | 'waits' | 'paused' | 'finished' | 'cancelled'

/** What a run is doing, in one word: a canary that waits for a person is something else than a pause. */
export function standingOf({ state, planning, waitsForApproval, counts }: Standing): RunStanding {
  if (state === 'ready') return planning ? 'planning' : counts.total === 0 ? 'nothing' : 'ready'
  return state === 'paused' && waitsForApproval ? 'waits' : state
}

const MEANINGS: Record<RunStanding, Meaning> = {
  planning: 'information',
  ready: 'information',
  nothing: 'neutral',
  running: 'information',
  waits: 'attention',
  paused: 'attention',
  finished: 'good',
  cancelled: 'neutral',
}

export function RunStateBadge({ of }: { of: Standing }) {
  const { t } = useText()
  const standing = standingOf(of)
  const meaning = standing === 'finished' && of.counts.failed > 0 ? 'attention' : MEANINGS[standing]
  return <Badge meaning={meaning}>{t(`runs.states.${standing}`)}</Badge>
}
