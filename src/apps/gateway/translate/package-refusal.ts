import { InvalidPromptError, UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { AppError } from '../../../base/errors.ts'

/**
 * What a package found, while it built the request, that its provider cannot be told: before anything was sent, and the
 * caller's to mend. Undefined for every other error. A provider's failure has one of its own and is not asked here.
 */
export function packageRefusal(error: unknown): AppError | undefined {
  if (UnsupportedFunctionalityError.isInstance(error)) {
    return new AppError('parameter.refused', `The model’s provider cannot be sent this: ${error.functionality.slice(0, 120)}.`)
  }
  if (InvalidPromptError.isInstance(error))
    return new AppError('parameter.refused', 'The model’s provider cannot be sent messages of this form.')
  return undefined
}
