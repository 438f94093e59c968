import { useEffect, useRef, useState } from 'react'
import { undo, type decideAll } from '../../../contract/review.ts'
import type { RouteArguments } from '../../../contract/route.ts'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { decideOnAll, takeBack } from './steps.ts'

export type Decision = 'accept' | 'reject'

export interface UnderWay {
  readonly decision: Decision
  readonly total: number
  readonly decided: number
  readonly left: number
}

/** What is decided on, how many there are, and on the strength of which sample. */
export type AllOf = Omit<RouteArguments<typeof decideAll>['body'], 'continues' | 'cursor'> & { readonly total: number }

/** A decision on all that match, with its progress. Leaving the page ends it after the batch under way; what was decided stays. */
export function useDecideAll(onDone: () => void) {
  const { t } = useText()
  const [underWay, setUnderWay] = useState<UnderWay>()
  const controller = useRef<AbortController>(undefined)
  useEffect(() => () => controller.current?.abort(), [])
  const begin = ({ total, ...asked }: AllOf): void => {
    const own = new AbortController()
    controller.current = own
    const { decision } = asked
    setUnderWay({ decision, total, decided: 0, left: 0 })
    void (async () => {
      try {
        const onProgress = ({ decided, left }: { decided: number; left: number }) => setUnderWay({ decision, total, decided, left })
        const { decisionId, decided } = await decideOnAll(asked, { signal: own.signal, onProgress })
        const takeItBack = async () => {
          if (decisionId === null) return
          const { undone } = await takeBack(undo, { decisionId })
          say(t('review.all.undone', { count: undone }))
          onDone()
        }
        say(t(`review.all.done.${decision}`, { count: decided }), {
          undo: () => takeItBack().catch((error: unknown) => sayProblem(error, t)),
        })
      } catch (error) {
        sayProblem(error, t)
      } finally {
        setUnderWay(undefined)
        onDone()
      }
    })()
  }
  return { underWay, begin, stop: () => controller.current?.abort() }
}
