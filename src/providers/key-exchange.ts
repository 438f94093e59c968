import type { ErrorAnswer, ProviderFailure } from './wire-protocol.ts'

/**
 * How a key that must not travel is exchanged for an access token: what leaves is a statement signed with the key. The address
 * is fixed here, in the provider's data; what a key's own text says of it counts for nothing.
 */
export interface KeyExchange {
  /** The base URL and the path of the one address that statements go to. */
  readonly baseUrl: string
  readonly path: string
  /** Whether a key is one that is exchanged; any other is sent as it is. */
  isFor(key: Uint8Array): boolean
  /** The body of the request (application/x-www-form-urlencoded). @throws AppError key.invalid, never repeating any of the key. */
  bodyFor(key: Uint8Array, now: Date): string
  /** What a good answer holds; undefined: it is no such answer. */
  read(answer: unknown): AccessToken | undefined
  classifyError(answer: ErrorAnswer): ProviderFailure
}

export interface AccessToken {
  /** As it is sent: "Bearer ..." */
  readonly token: string
  readonly lifetimeMs: number
}
