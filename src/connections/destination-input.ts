import { AppError } from '../base/errors.ts'
import { defined } from '../base/json.ts'
import type { DestinationInput } from '../contract/connections.ts'
import { checkBaseUrl, checkDestination, type Lookup, type PrivateHosts, refusedDestination } from '../providers/destination-guard.ts'
import { checkExtraHeaders } from '../providers/headers.ts'
import { type Destination, PRACTICE_DESTINATION, type Provider } from '../providers/provider.ts'
import { normaliseDestination } from '../vault/destination.ts'

/** What decides whether an address may be saved. `lookup`: the system's names, unless a test has its own. */
export interface DestinationRules {
  readonly privateHosts: PrivateHosts
  readonly lookup?: Lookup
}

/**
 * Where a connection's requests go, from what a person entered: checked as it will be checked at every use (NET-1), in the
 * one form in which it is sealed. What the provider does not have is refused rather than left out in silence.
 * @throws AppError destination.refused, header.refused; the texts never repeat an address or a value.
 */
export async function destinationFrom(provider: Provider, input: DestinationInput, rules: DestinationRules): Promise<Destination> {
  if (provider.key === 'none') {
    if (Object.keys(input).length > 0) throw refusedDestination(`${provider.name} is part of Latchkey and has no address to choose`)
    return { baseUrl: PRACTICE_DESTINATION }
  }
  const given = input.baseUrl ?? provider.baseUrl
  if (given === undefined) throw refusedDestination(`${provider.name} has no address of its own; enter its base URL`)
  if (given === PRACTICE_DESTINATION) throw refusedDestination('only the practice provider has it')
  for (const field of ['organization', 'project'] as const) {
    if (input[field] !== undefined && !provider.destinationHeaders?.[field]) throw refusedDestination(`${provider.name} has no ${field}`)
  }
  const own = [provider.baseUrl, ...(provider.regions ?? []).map((region) => region.baseUrl)]
  // a provider's own names are resolved when they are used, and checked then
  if (own.includes(given)) checkBaseUrl(given, rules.privateHosts)
  else await checkDestination(given, rules)
  const { baseUrl } = normaliseDestination({ baseUrl: given })
  const headers = checkExtraHeaders(input.headers ?? {})
  return normaliseDestination(
    defined<Destination>({
      baseUrl: withoutPathStart(baseUrl, provider),
      organization: headerText(input.organization),
      project: headerText(input.project),
      headers: Object.keys(headers).length > 0 ? headers : undefined,
      region: undefined,
      apiVersion: undefined,
      deployment: undefined,
    }),
  )
}

/** Anthropic's paths begin with /v1, Ollama's with /api, and many write it at the end of the address too: it is meant once. */
export function withoutPathStart(baseUrl: string, { chat }: Provider): string {
  const path = chat?.path
  const start = typeof path === 'string' ? /^\/(?:v\d|api)(?=\/)/.exec(path)?.[0] : undefined
  return start !== undefined && baseUrl.endsWith(start) ? baseUrl.slice(0, -start.length) : baseUrl
}

/** It goes into a header as it is. */
function headerText(value: string | undefined): string | undefined {
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
    throw new AppError('header.refused', 'The organization or project holds a character that headers cannot carry.')
  }
  return value
}

/** Where requests go, in short: "api.openai.com", "localhost:11434"; of the practice provider its own word. */
export function hostOf({ baseUrl }: Destination): string {
  return baseUrl === PRACTICE_DESTINATION ? 'practice' : (URL.parse(baseUrl)?.host ?? '')
}
