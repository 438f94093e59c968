import type { RunKind } from './run-kind.ts'

/**
 * Lets so many units of all runs work at the same time, and hands places out in turn: a run of a million products does not
 * keep one of ten waiting.
 */
export interface Gate {
  /** Waits for a place; @returns what gives it back, or undefined when `signal` aborted first. */
  enter(runId: string, signal: AbortSignal): Promise<(() => void) | undefined>
}

export function createGate(places: number): Gate {
  let free = places
  const waiting = new Map<string, (() => void)[]>() // by run; the first of them is next
  const leave = (): void => {
    const [next] = waiting
    if (!next) {
      free += 1
      return
    }
    const [runId, queue] = next
    waiting.delete(runId)
    const enter = queue.shift()!
    if (queue.length > 0) waiting.set(runId, queue) // at the end: the others first
    enter()
  }
  return {
    enter(runId, signal) {
      if (signal.aborted) return Promise.resolve(undefined)
      if (free > 0) {
        free -= 1
        return Promise.resolve(once(leave))
      }
      return new Promise((resolve) => {
        const enter = (): void => {
          signal.removeEventListener('abort', giveUp)
          resolve(once(leave))
        }
        const giveUp = (): void => {
          const left = waiting.get(runId)?.filter((other) => other !== enter) ?? []
          if (left.length > 0) waiting.set(runId, left)
          else waiting.delete(runId)
          resolve(undefined)
        }
        const queue = waiting.get(runId)
        if (queue) queue.push(enter)
        else waiting.set(runId, [enter])
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
  }
}

function once(leave: () => void): () => void {
  let left = false
  return () => {
    if (!left) leave()
    left = true
  }
}

/** A run kind whose units wait for a place. Those that still wait when `signal` asks to stop are given back. */
export const throughGate = <Subject>(
  kind: RunKind<Subject>,
  { gate, runId, signal }: { gate: Gate; runId: string; signal: AbortSignal },
): RunKind<Subject> => ({
  ...kind,
  async perform(unit, hardSignal) {
    const leave = await gate.enter(runId, signal)
    if (!leave) return { settled: [] }
    try {
      return await kind.perform(unit, hardSignal)
    } finally {
      leave()
    }
  },
})
