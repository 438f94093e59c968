import { createInterface } from 'node:readline/promises'
import { AppError } from '../base/errors.ts'

interface Streams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

/** Asks yes or no on the terminal. Where nobody can answer, the person must have said --yes. */
export async function askToGoOn(
  question: string,
  signal: AbortSignal,
  { input, output }: Streams = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY) throw new AppError('command.invalid', 'Nobody is there to ask. Add --yes to run at this quote.')
  const terminal = createInterface({ input, output })
  // While a line is read, Ctrl-C is a key and not a signal: it is to mean what it means everywhere else.
  terminal.on('SIGINT', () => process.emit('SIGINT', 'SIGINT'))
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal })
    return /^(y|yes|o|oui|j|ja)$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
