import { Writable } from 'node:stream'
import cliProgress from 'cli-progress'
import { formatMoney, type Money } from '../base/money.ts'
import type { CommandIo } from '../server/command-request.ts'

export interface ProgressState {
  readonly done: number
  readonly flagged: number
  readonly failed: number
  readonly total: number
  readonly spent: Money | undefined
  /** What else is to be said of it, in lines. */
  readonly note?: string
}

export interface Progress {
  update(state: ProgressState): void
  stop(): void
}

const LINE_EVERY_MS = 10_000

/** Progress of long work on standard error: a bar on a terminal, a line now and then where there is none. */
/** `asLines`: it takes hours, and a bar would say nothing. */
export function startProgress({ io, quiet, asLines = false }: { io: CommandIo; quiet: boolean; asLines?: boolean }): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined }
  return io.errorIsTerminal && !asLines ? bar(io) : lines(io)
}

function bar(io: CommandIo): Progress {
  const stream = errorStream(io)
  const format = '{bar} {value}/{total} products · {rate}/s · {left} left · {flagged} flagged · {failed} failed · {spent}'
  const single = new cliProgress.SingleBar(
    { stream, format, hideCursor: true, clearOnComplete: false, fps: 5, barsize: 24 },
    cliProgress.Presets.shades_classic,
  )
  const startedMs = performance.now()
  let startedAt: number | undefined
  return {
    update(state) {
      const settled = state.done + state.flagged + state.failed
      if (startedAt === undefined) {
        startedAt = settled
        single.start(state.total, settled, payload(state, 0, 0))
      }
      single.setTotal(state.total)
      single.update(settled, payload(state, settled - startedAt, performance.now() - startedMs))
    },
    stop: () => single.stop(),
  }
}

function payload(state: ProgressState, since: number, elapsedMs: number): Record<string, string | number> {
  const perSecond = elapsedMs > 0 ? (since * 1_000) / elapsedMs : 0
  const waiting = state.total - state.done - state.flagged - state.failed
  return {
    rate: perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1),
    left: perSecond > 0 ? duration(waiting / perSecond) : '?',
    flagged: state.flagged,
    failed: state.failed,
    spent: state.spent ? formatMoney(state.spent) : 'cost unknown',
  }
}

/** Standard error of a terminal, as cli-progress writes to it. */
function errorStream({ error, columns }: CommandIo): Writable {
  const write: Writable['_write'] = (text, _encoding, done) => {
    error(String(text))
    done()
  }
  return Object.assign(new Writable({ write, decodeStrings: false }), { isTTY: true, columns })
}

function lines(io: CommandIo): Progress {
  let nextMs = performance.now() + LINE_EVERY_MS
  let noted = ''
  return {
    update(state) {
      const { note = '' } = state
      if (performance.now() < nextMs && (note === '' || noted !== '')) return
      nextMs = performance.now() + LINE_EVERY_MS
      noted = note
      const settled = state.done + state.flagged + state.failed
      const spent = state.spent ? formatMoney(state.spent) : 'cost unknown'
      const more = note === '' ? '' : `; ${note}`
      io.error(`${settled}/${state.total} products, ${state.flagged} flagged, ${state.failed} failed, ${spent}${more}\n`)
    },
    stop: () => undefined,
  }
}

/** "45 s", "12 min", "3 h 20 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
