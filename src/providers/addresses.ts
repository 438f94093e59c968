import { BlockList, isIP } from 'node:net'

/** Where clouds hand out credentials to whoever asks: never connected to, whatever the operator allows. */
const METADATA = blockList([
  ['169.254.169.254', 32], // AWS, Azure, Google, Oracle, DigitalOcean
  ['169.254.170.2', 32], // AWS ECS tasks
  ['169.254.170.23', 32], // AWS EKS pods
  ['100.100.100.200', 32], // Alibaba
  ['168.63.129.16', 32], // Azure wire server, a public address
  ['192.0.0.192', 32], // Oracle
  ['fd00:ec2::254', 128], // AWS
  ['fd00:ec2::23', 128], // AWS EKS pods
  ['fd20:ce::254', 128], // Google
])

/** IPv4 that is not a public unicast address (IANA special-purpose registry). */
const SPECIAL_IPV4 = blockList([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
])

/** Public IPv6 is 2000::/3 and nothing else: `::`, loopback, mapped, NAT64, unique local, link-local, multicast lie outside. */
const GLOBAL_IPV6 = blockList([['2000::', 3]])
const SPECIAL_IPV6 = blockList([
  ['2001::', 23], // Teredo, benchmarks, ORCHID and other protocol assignments
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['3fff::', 20], // documentation
])

export type AddressKind = 'public' | 'private' | 'metadata'

/** What an IP address is, as text from a resolver, a socket or a URL (without brackets). What is no address is private. */
export function addressKind(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '')
  const family = isIP(bare)
  if (family === 0) return 'private'
  const type = family === 4 ? 'ipv4' : 'ipv6'
  // a BlockList also finds IPv4 in mapped IPv6, in any spelling
  if (METADATA.check(bare, type)) return 'metadata'
  if (type === 'ipv4') return SPECIAL_IPV4.check(bare, type) ? 'private' : 'public'
  const carried = carriedIpv4(bare)
  if (carried !== undefined && addressKind(carried) === 'metadata') return 'metadata'
  return GLOBAL_IPV6.check(bare, type) && !SPECIAL_IPV6.check(bare, type) ? 'public' : 'private'
}

/** The IPv4 address inside a NAT64 (64:ff9b::/96), IPv4-compatible (::/96) or 6to4 (2002::/16) address. */
function carriedIpv4(address: string): string | undefined {
  const groups = groupsOf(address)
  if (groups[0] === 0x2002) return dotted(groups[1]!, groups[2]!)
  const isNat64 = groups[0] === 0x64 && groups[1] === 0xff9b
  const isCompatible = groups.slice(0, 6).every((group) => group === 0)
  return isNat64 || isCompatible ? dotted(groups[6]!, groups[7]!) : undefined
}

const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')

/** The eight numbers of a valid IPv6 address; WHATWG writes a dotted tail as two groups. */
function groupsOf(address: string): number[] {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].map((group) => Number.parseInt(group, 16))
}

function blockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4')
  return list
}
