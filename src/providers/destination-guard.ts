import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { AppError } from '../base/errors.ts'
import { addressKind } from './addresses.ts'

/** Hosts that the operator allows although they are private: "host:port" as in a URL, with the port always said ("[::1]:8080"). */
export type PrivateHosts = ReadonlySet<string>

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>

export const systemLookup: Lookup = (hostname) => dns.lookup(hostname, { all: true, verbatim: true })

/** A base URL that passed the guard. */
export interface CheckedUrl {
  /** scheme://host[:port] */
  readonly origin: string
  /** Without trailing slash; '' for the root. */
  readonly path: string
  /** With its '?', or ''. */
  readonly search: string
  /** Without brackets. */
  readonly hostname: string
  /** Whether the operator allows this host and port to be private. */
  readonly isPrivateAllowed: boolean
}

/**
 * Checks a base URL by itself, when it is saved and again at every use: https (http only for the operator's private
 * hosts), no credentials, no fragment, no port of another service, no private or metadata address as literal.
 * Names are resolved and checked where the connection is made (`checkAddresses`), so that no second answer can differ.
 * @throws AppError destination.refused; the text never repeats the URL, which may hold credentials.
 */
export function checkBaseUrl(baseUrl: string, privateHosts: PrivateHosts): CheckedUrl {
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(baseUrl)) throw refusedDestination('its base URL holds a space, a backslash or an invisible character')
  const url = URL.parse(baseUrl)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || !/^https?:\/\//i.test(baseUrl)) {
    throw refusedDestination('its base URL must be like https://api.example.com/v1')
  }
  // "https://@host" parses to empty credentials
  const authority = /^https?:\/\/([^/?#]*)/i.exec(baseUrl)![1]!
  if (url.username || url.password || authority.includes('@')) {
    throw refusedDestination('its base URL holds a user name or password; enter the key by itself instead')
  }
  if (url.href.includes('#')) throw refusedDestination('its base URL holds a fragment (#...); leave it out')
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const isPrivateAllowed = privateHosts.has(`${url.hostname}:${port}`)
  if (BLOCKED_PORTS.has(port)) throw refusedDestination(`port ${port} belongs to another kind of service`)
  checkHostname(url.hostname, isPrivateAllowed)
  if (url.protocol === 'http:' && !isPrivateAllowed)
    throw refusedDestination('its base URL must begin with https:// (http:// only for hosts the operator allows)')
  return {
    origin: url.origin,
    path: url.pathname.replace(/\/$/, ''),
    search: url.search,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    isPrivateAllowed,
  }
}

/** The same with the name resolved: for the moment of saving, where a refusal is of most use to the person. */
export async function checkDestination(
  baseUrl: string,
  { privateHosts, lookup = systemLookup }: { privateHosts: PrivateHosts; lookup?: Lookup },
): Promise<CheckedUrl> {
  const checked = checkBaseUrl(baseUrl, privateHosts)
  if (isIP(checked.hostname) !== 0) return checked
  const addresses = await lookup(checked.hostname).catch(() => [])
  if (addresses.length === 0) throw refusedDestination('its host name has no address; check the spelling')
  checkAddresses(addresses, checked.isPrivateAllowed)
  return checked
}

/** Every address must pass: a name with one public and one private address is refused. */
export function checkAddresses(addresses: readonly { readonly address: string }[], isPrivateAllowed: boolean): void {
  for (const { address } of addresses) checkAddress(address, isPrivateAllowed)
}

export function checkAddress(address: string, isPrivateAllowed: boolean): void {
  const kind = addressKind(address)
  if (kind === 'metadata') throw refusedDestination('it leads to a cloud metadata service, which is never allowed')
  if (kind === 'private' && !isPrivateAllowed) {
    throw refusedDestination(
      'it leads to a private address. If this server is yours, the operator allows it by adding its host:port to LATCHKEY_PRIVATE_HOSTS',
    )
  }
}

const METADATA_NAMES = /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\.[a-z0-9-]+)*)\.?$/
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|localdomain)$/

function checkHostname(hostname: string, isPrivateAllowed: boolean): void {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return checkAddress(bare, isPrivateAllowed)
  if (hostname.endsWith('.')) throw refusedDestination('its host name ends with a dot; leave it out')
  if (METADATA_NAMES.test(hostname)) throw refusedDestination('it leads to a cloud metadata service, which is never allowed')
  if (isPrivateAllowed) return
  if (!hostname.includes('.') || LOCAL_NAMES.test(hostname)) {
    throw refusedDestination(
      'its host name is a private one. If this server is yours, the operator allows it by adding its host:port to LATCHKEY_PRIVATE_HOSTS',
    )
  }
}

/** Ports that browsers refuse (WHATWG Fetch, "bad port") and those of databases, container engines and remote control. */
const BLOCKED_PORTS: ReadonlySet<number> = new Set(
  `0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143
   161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045
   4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
   445 873 1433 1521 2375 2376 2379 2380 3306 3389 5432 5672 5900 5984 5985 5986 6379 6380 9042 9092 9200 9300 10250 10255 11211 27017 27018`
    .split(/\s+/)
    .map(Number),
)

/** `why` never repeats the URL, which may hold credentials. */
export function refusedDestination(why: string): AppError {
  return new AppError('destination.refused', `This destination is refused: ${why}.`)
}
