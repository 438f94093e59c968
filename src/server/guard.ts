import { BlockList, isIP } from 'node:net'
import { AppError } from '../base/errors.ts'
import type { Config } from '../runtime/config.ts'

/** Under which addresses this server answers, and which pages may ask it. */
export interface Doorkeeper {
  /** The address people type, for links. */
  readonly origin: string
  /** @throws AppError host.refused: a name that was pointed here (DNS rebinding) is not ours */
  checkHost(host: string | undefined): void
  /** @throws AppError origin.refused: a page of another site must not drive this server */
  checkOrigin(headers: Headers): void
  /** The address that a request came from: the peer's, or what trusted proxies say of it. */
  addressOf(peer: string | undefined, forwardedFor: string | null): string
}

/** `port`: where it listens, known once it does. */
export function createDoorkeeper({ host, publicUrl, trustedProxies }: Config, port: number): Doorkeeper {
  const names = new Set(['localhost', '127.0.0.1', '[::1]'])
  if (host !== '0.0.0.0' && host !== '::') names.add(isIP(host) === 6 ? `[${host}]` : host)
  const origins = new Set([...names].map((name) => `http://${name}:${port}`))
  if (publicUrl !== undefined) origins.add(publicUrl)
  const hosts = new Set(Array.from(origins, (origin) => new URL(origin).host))
  const trusted = blockListOf(trustedProxies)
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return {
    origin: publicUrl ?? `http://localhost:${port}`,

    checkHost(name) {
      if (name !== undefined && hosts.has(name.toLowerCase())) return
      throw new AppError(
        'host.refused',
        'This server does not answer under this name. If people should reach it under it, name it in LATCHKEY_PUBLIC_URL and start it again.',
      )
    },

    checkOrigin(headers) {
      const origin = headers.get('origin')
      const site = headers.get('sec-fetch-site')
      // A program sends neither; a browser says where a page comes from, and page scripts cannot change it.
      if ((origin === null || origins.has(origin)) && (site === null || site === 'same-origin' || (site === 'none' && origin === null)))
        return
      throw new AppError(
        'origin.refused',
        'A page of another site may not use this server. Open Latchkey itself, or use an API token from a program.',
      )
    },

    addressOf(peer, forwardedFor) {
      let address = plainAddress(peer ?? '')
      const hops = (forwardedFor ?? '').split(',').map((hop) => plainAddress(hop.trim()))
      while (isTrusted(address)) {
        const before = hops.pop()
        if (before === undefined || isIP(before) === 0) break
        address = before
      }
      return address
    },
  }
}

/** "::ffff:10.0.0.1", as a socket that serves both versions names its peer, is 10.0.0.1. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}
