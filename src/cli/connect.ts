import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { requireKey } from '../connections/add.ts'
import { type Connection, ensureConnection } from '../connections/connections.ts'
import { completedDestination, withoutPathStart } from '../connections/destination-input.ts'
import type { DestinationInput } from '../contract/connections.ts'
import { checkBaseUrl } from '../providers/destination-guard.ts'
import { needsKey } from '../providers/asked.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { normaliseDestination } from '../vault/destination.ts'
import type { Services } from '../server/services.ts'
import type { CommandContext } from './command.ts'

/** Who acts, in audit and ledger, when a person uses the command line. */
export const ACTOR = 'command'

/** Where a command line's calls go: the provider's own address, or the one that the operator names. */
export interface CommandDestination {
  readonly destination: Destination
  /** "host:port" of an address named on the command line: the operator's own word, so it may be private. */
  readonly privateHosts: readonly string[]
}

/** What of a destination the options say. */
export type EnteredDestination = Pick<DestinationInput, 'baseUrl' | 'project' | 'region' | 'apiVersion'>

/** @throws AppError command.invalid, destination.refused */
export function commandDestination(provider: Provider, entered: EnteredDestination): CommandDestination {
  if (provider.key === 'none' && Object.values(entered).some((value) => value !== undefined))
    throw new AppError('command.invalid', `The ${provider.id} provider is part of Latchkey and takes no --base-url.`)
  const privateHosts = entered.baseUrl === undefined ? [] : [hostNamed(entered.baseUrl)]
  const { baseUrl, ...fields } = completedDestination(provider, entered)
  if (baseUrl === undefined) {
    throw new AppError('command.invalid', `${provider.name} has no address of its own: give its server's with --base-url.`)
  }
  const destination = normaliseDestination({ ...fields, baseUrl })
  if (provider.key !== 'none') checkBaseUrl(destination.baseUrl, new Set(privateHosts))
  return { destination: { ...destination, baseUrl: withoutPathStart(destination.baseUrl, provider) }, privateHosts }
}

/** "host:port" of an address as it was typed. */
function hostNamed(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError('command.invalid', '--base-url is not an address. Write it like https://host/v1 or http://localhost:8080/v1.')
  }
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}

/** The connection of a command line, with the key from the variable that it names, sealed first. */
export async function commandConnection({
  services,
  workspaceId,
  provider,
  destination,
  keyVariable,
  takeSecret,
}: {
  services: Services
  workspaceId: string
  provider: Provider
  destination: Destination
  keyVariable: string | undefined
  takeSecret: CommandContext['takeSecret']
}): Promise<Connection> {
  const key = keyVariable === undefined ? undefined : keyFrom(keyVariable, takeSecret)
  const { database, vault } = services
  try {
    if (key) requireKey(provider, destination, key)
    const connection = await ensureConnection({
      database,
      vault,
      workspaceId,
      actor: ACTOR,
      provider,
      destination,
      ...(key ? { key } : {}),
    })
    if (!connection.sealedKey && needsKey(provider, destination)) {
      throw new AppError(
        'key.missing',
        `${provider.name} needs a key. Name the environment variable that holds yours with --key-env; it is sealed and not needed again.`,
      )
    }
    return connection
  } finally {
    key?.wipe()
  }
}

function keyFrom(variable: string, takeSecret: CommandContext['takeSecret']): Secret {
  const secret = takeSecret(variable)
  if (secret) return secret
  // The name is not repeated: someone may have put the key itself there.
  throw new AppError(
    'key.missing',
    'The environment variable that --key-env names is not set, or empty. Export it, then run the command again.',
  )
}
