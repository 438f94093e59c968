import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { addressKind } from './addresses.ts'
import { checkBaseUrl, refusedDestination, systemLookup, type CheckedUrl, type Lookup, type PrivateHosts } from './destination-guard.ts'
import { exchange, type ProviderAnswer, type Timeouts } from './exchange.ts'
import { ProviderCallError } from './failure.ts'
import { checkExtraHeaders, contentHeaders, isHeaderValue } from './headers.ts'
import { createPools } from './pools.ts'
import { PRACTICE_DESTINATION, type Destination, type Provider } from './provider.ts'

export type { ProviderAnswer, Timeouts } from './exchange.ts'

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  headersMs: 300_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
}

/** Of a body as read, unpacked. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024

export interface SendRequest {
  readonly provider: Provider
  readonly destination: Destination
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Joined to the base URL; begins with '/', may have a query. */
  readonly path: string
  /** Only accept, content-type, anthropic-beta, openai-beta and x-client-request-id are sent; others are left out. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  readonly key?: Secret | undefined
  /** An address that wants no key of anyone: the file that an answer names, signed by itself. Never with a `key`. */
  readonly keyless?: true | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeouts?: Partial<Omit<Timeouts, 'connectMs'>> | undefined
  readonly maxBodyBytes?: number | undefined
}

/** The only way to a provider. */
export interface Sender {
  /**
   * Sends one request and gives its answer when the headers have come; statuses of 400 and more are answers too.
   * @throws ProviderCallError, with `sent` 'no' when the request surely did not leave.
   */
  send(request: SendRequest): Promise<ProviderAnswer>
  /** Ends all connections and the calls on them. */
  close(): Promise<void>
}

export interface SenderOptions {
  /** The operator's own hosts that may be private, as "host:port". */
  readonly privateHosts: PrivateHosts
  readonly lookup?: Lookup
  /** The base URL of the practice provider's server on the loopback address. */
  readonly practice?: () => Promise<string>
  readonly timeouts?: Partial<Timeouts>
}

/**
 * The one HTTP client that reaches providers. Pins each connection to a checked address, follows no redirect, puts the key
 * into the provider's key header and nowhere else, bounds time and size. Reads nothing from the environment.
 */
export function createSender({ privateHosts, lookup = systemLookup, practice, timeouts: own }: SenderOptions): Sender {
  const defaults: Timeouts = { ...DEFAULT_TIMEOUTS, ...own }
  const pools = createPools({ lookup, connectMs: defaults.connectMs })

  const targetOf = async ({ provider, destination }: SendRequest): Promise<CheckedUrl> => {
    if (destination.baseUrl !== PRACTICE_DESTINATION) return checkBaseUrl(destination.baseUrl, privateHosts)
    if (provider.baseUrl !== PRACTICE_DESTINATION || !practice) {
      throw refusedDestination('only the practice provider has it')
    }
    const url = new URL(await practice())
    const checked = checkBaseUrl(url.href, new Set([url.host]))
    if (!/^127\.|^::1$/.test(checked.hostname) || addressKind(checked.hostname) !== 'private') {
      throw refusedDestination('the practice server must be on the loopback address')
    }
    return checked
  }

  return {
    send: async (request) => {
      const { method, body, signal, timeouts, maxBodyBytes = MAX_BODY_BYTES } = request
      const target = await notSent(() => targetOf(request))
      const { path, headers, keyText } = await notSent(() => prepare(request, target))
      return exchange({
        pool: pools.of(target),
        method,
        path,
        headers,
        body: body ?? null,
        keyText,
        signal,
        timeouts: timeouts ? { ...defaults, ...timeouts } : defaults,
        maxBodyBytes,
      })
    },
    close: () => pools.close(),
  }
}

/** What fails here fails before anything leaves. */
async function notSent<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof AppError) throw new ProviderCallError({ code: error.code, detail: error.detail, retryable: false }, 'no')
    throw error
  }
}

const BEARER = 'Bearer '

function prepare(request: SendRequest, target: CheckedUrl): { path: string; headers: string[]; keyText: string | undefined } {
  const { provider, destination } = request
  const keyText = keyTextOf(request, target)
  const headers = new Map<string, string>([
    ['user-agent', 'latchkey'],
    ['accept-encoding', 'identity'],
    ...Object.entries(provider.headers ?? {}),
    ...(destination.headers ? Object.entries(checkExtraHeaders(destination.headers)) : []),
    ...steeringHeaders(provider, destination),
    ...(request.headers ? contentHeaders(request.headers) : []),
  ])
  if (keyText !== undefined) {
    if (provider.takesAccessTokens && keyText.startsWith(BEARER)) headers.set('authorization', keyText)
    else headers.set(provider.keyHeader.name, provider.keyHeader.prefix + keyText)
  }
  return { path: joinPath(target, request.path), headers: [...headers].flat(), keyText }
}

function steeringHeaders({ destinationHeaders }: Provider, { organization, project }: Destination): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, value] of [
    [destinationHeaders?.organization, organization],
    [destinationHeaders?.project, project],
  ] as const) {
    if (name === undefined || value === undefined) continue
    if (!isHeaderValue(value))
      throw new AppError('header.refused', 'The organization or project holds a character that headers cannot carry.')
    headers.push([name, value])
  }
  return headers
}

/** A local string: strings cannot be wiped, so it lives no longer than the request. */
function keyTextOf({ provider, key, keyless }: SendRequest, target: CheckedUrl): string | undefined {
  if (provider.key === 'none' || keyless) return undefined
  if (!key) {
    // a server of the person's own that speaks as this provider does may need none
    const isProvidersOwn = provider.baseUrl !== undefined && URL.parse(provider.baseUrl)?.origin === target.origin
    if (provider.key === 'required' && isProvidersOwn) throw new AppError('key.missing', 'This connection has no key. Enter one first.')
    return undefined
  }
  const bytes = key.reveal()
  if (provider.keyExchange?.isFor(bytes)) throw new AppError('key.invalid', `A key of this kind is exchanged and never sent.`)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  // checked here, because what a library throws about a bad header repeats the header
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) {
    throw new AppError('key.invalid', 'The key holds a line break or another character that no key has. Copy it again from the provider.')
  }
  return text
}

function joinPath({ path, search }: CheckedUrl, suffix: string): string {
  if (!/^\/(?!\/)[\x21\x24-\x5b\x5d-\x7e]*$/.test(suffix) || /(^|\/)\.{1,2}(\/|\?|$)/.test(suffix)) {
    throw refusedDestination('the path of the request is not a plain one')
  }
  if (search === '') return path + suffix
  return path + (suffix.includes('?') ? suffix.replace('?', `${search}&`) : suffix + search)
}
