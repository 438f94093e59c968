import { Secret } from '../base/secret.ts'
import { CANCELLED } from '../providers/exchange.ts'
import { failureOf, ProviderCallError } from '../providers/failure.ts'
import type { KeyExchange } from '../providers/key-exchange.ts'
import { parseJson } from '../providers/parse-json.ts'
import type { Provider } from '../providers/provider.ts'
import { rememberSecret } from '../runtime/scrub.ts'
import type { Vault } from '../vault/vault.ts'
import type { CallServices } from './services.ts'

/** No access token is kept longer, however long it is good for: as long as a data key (docs/decisions/0014-access-tokens-for-minutes.md). */
const KEPT_AT_MOST_MS = 5 * 60_000
/** One that ends sooner than this is of no use to a call that takes its time. */
const SPARE_MS = 10 * 60_000
const TIMEOUTS = { headersMs: 15_000, firstByteMs: 15_000, idleMs: 15_000, totalMs: 20_000 }

/** Whose token it is. A key that is replaced has another version, so that no token outlives its key's use. */
interface Owner {
  readonly workspaceId: string
  readonly connectionId: string
  readonly keyVersion: number
}

interface Held {
  readonly connectionId: string
  readonly token: Promise<Secret>
  untilMs: number
  timer: NodeJS.Timeout | undefined
}

const heldBy = new WeakMap<Vault, Map<string, Held>>()

/**
 * Step 4 of a call's path, for keys that are never sent: `use` gets an access token in the key's place, a copy of its own that
 * is wiped after it. The key was opened for this very call, so a token serves nobody for whom the key itself did not open.
 * `owner` absent: a key that is not saved, whose token is kept for nobody. Any other key is handed on as it is.
 * @throws ProviderCallError with `sent` 'no': the call itself did not leave; AppError key.invalid.
 */
export async function withAccessToken<T>(
  {
    services,
    provider,
    key,
    owner,
    signal,
  }: { services: CallServices; provider: Provider; key: Secret; owner: Owner | undefined; signal: AbortSignal },
  use: (key: Secret) => Promise<T>,
): Promise<T> {
  const { keyExchange } = provider
  if (!keyExchange?.isFor(key.reveal())) return use(key)
  const request = { services, provider, keyExchange, key }
  const token = await unless(
    signal,
    owner ? tokenOf({ ...request, owner }).token.then(copyOf) : exchange(request).then((exchanged) => exchanged.token),
  )
  const unremember = rememberSecret(token)
  try {
    return await use(token)
  } catch (error) {
    // a token that Google takes back: the next call asks for another
    if (owner && error instanceof ProviderCallError && error.failure.code === 'provider.bad_key') forgetToken(services.vault, nameOf(owner))
    throw error
  } finally {
    unremember()
    token.wipe()
  }
}

/** Wipes what is held of a connection: its key was replaced or destroyed. */
export function forgetAccessTokens(vault: Vault, connectionId: string): void {
  for (const [name, held] of heldBy.get(vault) ?? []) if (held.connectionId === connectionId) forgetToken(vault, name)
}

/** Wipes all: the server stops. */
export function wipeAccessTokens(vault: Vault): void {
  for (const name of heldBy.get(vault)?.keys() ?? []) forgetToken(vault, name)
}

const nameOf = ({ workspaceId, connectionId, keyVersion }: Owner): string => `${workspaceId} ${connectionId} ${keyVersion}`

/** One exchange for all calls that need the token at the same moment; none for those after it, for as long as it is kept. */
function tokenOf(request: Exchange & { readonly owner: Owner }): Held {
  const { services, owner } = request
  const { vault, clock } = services
  const all = heldBy.get(vault) ?? new Map<string, Held>()
  heldBy.set(vault, all)
  const name = nameOf(owner)
  const known = all.get(name)
  if (known && known.untilMs > clock.now().getTime()) return known
  forgetToken(vault, name)
  const exchanged = exchange(request)
  const held: Held = { connectionId: owner.connectionId, token: exchanged.then(({ token }) => token), untilMs: Infinity, timer: undefined }
  all.set(name, held)
  exchanged.then(
    ({ lifetimeMs }) => {
      const keptMs = Math.max(0, Math.min(KEPT_AT_MOST_MS, lifetimeMs - SPARE_MS))
      held.untilMs = clock.now().getTime() + keptMs
      if (all.get(name) !== held) return
      held.timer = setTimeout(() => all.get(name) === held && forgetToken(vault, name), keptMs)
      held.timer.unref()
    },
    () => all.get(name) === held && all.delete(name), // a failure is not kept
  )
  return held
}

function forgetToken(vault: Vault, name: string): void {
  const held = heldBy.get(vault)?.get(name)
  if (!held) return
  heldBy.get(vault)!.delete(name)
  clearTimeout(held.timer)
  held.token.then(
    (token) => token.wipe(),
    () => undefined,
  )
}

interface Exchange {
  readonly services: CallServices
  readonly provider: Provider
  readonly keyExchange: KeyExchange
  readonly key: Secret
}

/** One request, to the address in the provider's data and no other, with a signed statement in it and no key. */
async function exchange({ services, provider, keyExchange, key }: Exchange): Promise<{ token: Secret; lifetimeMs: number }> {
  const body = keyExchange.bodyFor(key.reveal(), services.clock.now())
  try {
    const answer = await services.sender.send({
      provider,
      destination: { baseUrl: keyExchange.baseUrl },
      method: 'POST',
      path: keyExchange.path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      timeouts: TIMEOUTS,
      maxBodyBytes: 64 * 1_024,
      keyless: true,
    })
    const bytes = await answer.readAll()
    const { status, headers } = answer
    if (status < 200 || status > 299) {
      throw new ProviderCallError(failureOf({ protocol: keyExchange, status, headers, bytes, key }), 'no')
    }
    const read = keyExchange.read(parsedOr(bytes))
    if (!read) throw new ProviderCallError(NO_TOKEN, 'no')
    return { token: new Secret(new TextEncoder().encode(read.token)), lifetimeMs: read.lifetimeMs }
  } catch (error) {
    // whatever became of the exchange, the call that needs the token has not left
    throw error instanceof ProviderCallError ? new ProviderCallError(error.failure, 'no', error.reason) : error
  }
}

const NO_TOKEN = {
  code: 'provider.answer_malformed',
  detail: 'The provider’s token service answered with something that is no access token. Try again later.',
  retryable: true,
} as const

function parsedOr(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch {
    return undefined
  }
}

/** A copy of the token, so that wiping what is held takes nothing from a call under way. */
const copyOf = (token: Secret): Secret => new Secret(Uint8Array.from(token.reveal()))

/** What comes of `work`, unless its caller leaves before; the work goes on for those that wait with it. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new ProviderCallError(CANCELLED, 'no'))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
