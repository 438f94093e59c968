import { createInterface } from 'node:readline/promises'
import { AppError } from '../base/errors.ts'

/** Asks yes or no on the terminal. Where nobody can answer, the person must have said --yes. */
export async function askToGoOn(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new AppError('command.invalid', 'Nobody is there to ask. Add --yes to run at this quote.')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal })
    return /^(y|yes|o|oui|j|ja)$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
