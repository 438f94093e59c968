import { AppError } from '../base/errors.ts'
import type { CommandIo } from '../server/command-request.ts'

/** Asks yes or no on the terminal. Where nobody can answer, the person must have said --yes. */
export async function askToGoOn(io: Pick<CommandIo, 'inputIsTerminal' | 'ask'>, question: string, signal: AbortSignal): Promise<boolean> {
  if (!io.inputIsTerminal) throw new AppError('command.invalid', 'Nobody is there to ask. Add --yes to run at this quote.')
  const answer = await io.ask(`${question} [y/N] `, signal)
  return /^(y|yes|o|oui|j|ja)$/i.test(answer.trim())
}
