import { setTimeout as sleep } from 'node:timers/promises'

/** How long a request waits for work that goes on in the background: what a person just did is there, and a large import is not waited for. */
const WAITED_MS = 250

/** Waits for background work, but not for long; what becomes of it after that is told to `onError`. */
export async function soon(work: Promise<void>, onError: (error: unknown) => void): Promise<void> {
  const waited = new AbortController()
  await Promise.race([work.catch(onError), sleep(WAITED_MS, undefined, { signal: waited.signal }).catch(() => undefined)])
  waited.abort()
}
