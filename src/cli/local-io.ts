import { createInterface } from 'node:readline/promises'
import type { CommandIo } from '../server/command-request.ts'

interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

/** The terminal of this process. */
export const localIo = ({ stdin, stdout, stderr }: Streams = process): CommandIo => ({
  out: (text) => void stdout.write(text),
  error: (text) => void stderr.write(text),
  inputIsTerminal: stdin.isTTY === true,
  errorIsTerminal: stderr.isTTY === true,
  columns: stderr.columns ?? 80,
  async ask(question, signal) {
    const reader = createInterface({ input: stdin, output: stderr })
    // While a line is read, Ctrl-C is a key and not a signal: it is to mean what it means everywhere else.
    reader.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
    const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
    try {
      return await Promise.race([reader.question(question, { signal }), ended])
    } finally {
      reader.close()
    }
  },
  onInterrupt(listener) {
    process.on('SIGINT', listener)
    process.on('SIGTERM', listener)
    return () => {
      process.off('SIGINT', listener)
      process.off('SIGTERM', listener)
    }
  },
})
