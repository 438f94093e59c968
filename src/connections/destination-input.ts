import { AppError } from '../base/errors.ts'
import { defined } from '../base/json.ts'
import type { DestinationInput } from '../contract/connections.ts'
import { checkBaseUrl, checkDestination, type Lookup, type PrivateHosts, refusedDestination } from '../providers/destination-guard.ts'
import { checkExtraHeaders } from '../providers/headers.ts'
import { isOwnAddress, steeringFieldsOf } from '../providers/asked.ts'
import { type Destination, PRACTICE_DESTINATION, type Provider, STEERING_FIELDS, type SteeringField } from '../providers/provider.ts'
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
  const { baseUrl: given, ...fields } = completedDestination(provider, input)
  if (given === undefined) throw refusedDestination(`${provider.name} has no address of its own; enter its base URL`)
  if (given === PRACTICE_DESTINATION) throw refusedDestination('only the practice provider has it')
  // a provider's own names are resolved when they are used, and checked then
  if (isOwnAddress(provider, { baseUrl: given })) checkBaseUrl(given, rules.privateHosts)
  else await checkDestination(given, rules)
  const { baseUrl } = normaliseDestination({ baseUrl: given })
  const headers = checkExtraHeaders(input.headers ?? {})
  return normaliseDestination({
    ...fields,
    baseUrl: withoutPathStart(baseUrl, provider),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  })
}

/**
 * What a person entered of a destination, with the base URL made whole where the provider knows how, or its own where none was
 * entered; not checked as an address. @throws AppError destination.refused, header.refused.
 */
export function completedDestination(provider: Provider, input: DestinationInput): Partial<Destination> {
  // before, because an address may be made of them; after, because some may come out of an address
  const entered = { ...steeringFields(provider, input), ...defined<Partial<Destination>>({ baseUrl: input.baseUrl }) }
  const completed = provider.completeDestination?.(entered) ?? entered
  const baseUrl = completed.baseUrl ?? provider.baseUrl
  return { ...steeringFields(provider, completed), ...(baseUrl === undefined ? {} : { baseUrl }) }
}

/** Those that were entered, each in the form that the provider's has. What the provider does not have is refused. */
function steeringFields(
  provider: Provider,
  input: Partial<Record<SteeringField, string | undefined>>,
): Partial<Record<SteeringField, string>> {
  const known = new Set(steeringFieldsOf(provider).map(({ name }) => name))
  const entered = STEERING_FIELDS.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]] as const]))
  for (const [name, value] of entered) {
    if (!known.has(name)) throw refusedDestination(`${provider.name} has no ${NAMES[name]}`)
    const field = provider.destinationFields?.[name]
    if (!field) headerText(value)
    else if (!field.pattern.test(value)) throw refusedDestination(`its ${NAMES[name]} must be like ${field.example}`)
  }
  return Object.fromEntries(entered)
}

const NAMES: Readonly<Record<SteeringField, string>> = {
  organization: 'organization',
  project: 'project',
  region: 'location',
  apiVersion: 'API version',
}

/** Anthropic's paths begin with /v1, Ollama's with /api, and many write it at the end of the address too: it is meant once. */
export function withoutPathStart(baseUrl: string, { chat }: Provider): string {
  const path = chat?.path
  const start = typeof path === 'string' ? /^\/(?:v\d|api)(?=\/)/.exec(path)?.[0] : undefined
  return start !== undefined && baseUrl.endsWith(start) ? baseUrl.slice(0, -start.length) : baseUrl
}

/** It goes into a header as it is. */
function headerText(value: string): void {
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new AppError('header.refused', 'The organization or project holds a character that headers cannot carry.')
  }
}

/** Where requests go, in short: "api.openai.com", "localhost:11434"; of the practice provider its own word. */
export function hostOf({ baseUrl }: Destination): string {
  return baseUrl === PRACTICE_DESTINATION ? 'practice' : (URL.parse(baseUrl)?.host ?? '')
}
