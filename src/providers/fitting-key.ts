import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Destination, Provider } from './provider.ts'

/** Refuses a key that cannot be meant for a destination, before anything is sent. @throws AppError key.invalid. */
export function requireFittingKey({ keyProblem }: Provider, { key, destination }: { key: Secret; destination: Destination }): void {
  const problem = keyProblem?.(key.reveal(), destination)
  if (problem !== undefined) throw new AppError('key.invalid', problem)
}
