import type { CommandIo } from '../server/command-request.ts'

/** Ctrl-C and SIGTERM, in two steps. */
export interface Interruptible {
  /** Aborts at the first signal: nothing new starts, calls under way may end. */
  readonly signal: AbortSignal
  /** Aborts at the second signal, or when calls under way take too long to end. */
  readonly hardSignal: AbortSignal
  end(): void
}

const PATIENCE_MS = 10_000

/** Answers paid for are worth a few seconds of waiting; a second Ctrl-C says they are not. */
export function interruptible({ onInterrupt }: Pick<CommandIo, 'onInterrupt'>, say: (text: string) => void): Interruptible {
  const soft = new AbortController()
  const hard = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const onSignal = (): void => {
    if (soft.signal.aborted) {
      hard.abort(new Error('interrupted'))
      return
    }
    say('\nInterrupted: waiting for the calls under way. Ctrl-C again cuts them off. The same command continues later.')
    soft.abort(new Error('interrupted'))
    timer = setTimeout(() => hard.abort(new Error('interrupted')), PATIENCE_MS)
    timer.unref()
  }
  const deafen = onInterrupt(onSignal)
  return {
    signal: soft.signal,
    hardSignal: hard.signal,
    end() {
      clearTimeout(timer)
      deafen()
    },
  }
}
