import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningCli } from './cli.ts'
import type { Wire } from './kill-wire.ts'

/** `start`: at any time before the first request. `run`: after a random number of requests. `end`: when the last answer is out. */
export type KillMoment = 'start' | 'import' | 'planning' | 'run' | 'end'

/** How long the parts of a start take. */
export interface Pace {
  firstRequestMs: number
  firstRequestIsKnown: boolean
  importMs: number
  importIsKnown: boolean
  planningMs: number
  exportMs: number
  wholeMs: number
}

/** Guesses, until a start has shown them; rather too short: a kill that comes too late has no import left to cut off. */
export const guessedPace = (): Pace => ({
  firstRequestMs: 600,
  firstRequestIsKnown: false,
  importMs: 150,
  importIsKnown: false,
  planningMs: 40,
  exportMs: 100,
  wholeMs: 3_000,
})

/** When the command says in its log that it has come so far; milliseconds, as performance.now(). */
interface Steps {
  readonly ready: Promise<number> // to import
  readonly imported: Promise<number>
  readonly planned: Promise<number>
  readonly runEnded: Promise<number>
  readonly exported: Promise<number>
}

export function stepsOf({ child }: RunningCli): Steps {
  let log = ''
  child.stderr!.on('data', (text: string) => (log += text))
  const said = (message: string): Promise<number> =>
    new Promise((resolve) => {
      child.stderr!.on('data', () => {
        if (log.includes(`"msg":"${message}"`)) resolve(performance.now())
      })
    })
  return {
    ready: said('ready'),
    imported: said('imported'),
    planned: said('planned'),
    runEnded: said('run ended'),
    exported: said('exported'),
  }
}

/** Resolves at the first of these moments; later ones keep enough work for themselves. */
export async function momentOf(
  moments: readonly KillMoment[],
  {
    pace,
    steps,
    random,
    wire,
    perCall,
    left,
  }: { pace: Pace; steps: Steps; random: () => number; wire: Wire; perCall: number; left: () => number }, // left: products without an answer
): Promise<void> {
  void Promise.all([steps.ready, steps.imported]).then(([from, to]) => Object.assign(pace, { importMs: to - from, importIsKnown: true }))
  void Promise.all([steps.imported, steps.planned]).then(([from, to]) => (pace.planningMs = to - from))
  void Promise.all([steps.runEnded, steps.exported]).then(([from, to]) => (pace.exportMs = to - from))
  switch (moments[0]!) {
    case 'start':
      return sleep(random() * pace.firstRequestMs)
    case 'import':
      await steps.ready
      return sleep((0.5 + 0.5 * random()) * pace.importMs) // at first it gets ready to count tokens
    case 'planning':
      await steps.imported
      return sleep(random() * pace.planningMs)
    case 'run': {
      const share = left() / perCall / (moments.filter((moment) => moment === 'run').length + 1)
      await wire.arrivals(1 + Math.floor(random() * share * 1.5))
      return sleep(random() * 60)
    }
    case 'end':
      if (left() === 0) await steps.planned
      else if (random() < 0.5) await steps.runEnded
      else while (left() > 0) await sleep(5) // the last results are not written yet
      return sleep(random() * pace.exportMs)
  }
}
