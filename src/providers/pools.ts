import type { LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector, Pool } from 'undici'
import { checkAddress, checkAddresses, type CheckedUrl, type Lookup, type ResolvedAddress } from './destination-guard.ts'

const MAX_ORIGINS = 256
const CONNECTIONS_PER_ORIGIN = 512
const MAX_HEADER_BYTES = 16 * 1024

/** Kept-alive connections by origin, each made to an address that passed the guard. */
export interface Pools {
  of(target: CheckedUrl): Pool
  close(): Promise<void>
}

export function createPools({ lookup, connectMs }: { lookup: Lookup; connectMs: number }): Pools {
  const pools = new Map<string, Pool>()
  const retire = (key: string, pool: Pool): void => {
    pools.delete(key)
    // lets calls in flight finish
    pool.close().catch(() => pool.destroy())
  }
  return {
    of: (target) => {
      const { origin, isPrivateAllowed } = target
      // the same origin with and without the operator's leave never shares a connection
      const key = isPrivateAllowed ? `private ${origin}` : origin
      const known = pools.get(key)
      if (known) return known
      const oldest = pools.entries().next()
      if (pools.size >= MAX_ORIGINS && !oldest.done) retire(...oldest.value)
      const pool = new Pool(origin, {
        connect: guardedConnector({ isPrivateAllowed, lookup, connectMs }),
        connections: CONNECTIONS_PER_ORIGIN,
        allowH2: false, // a cancelled call destroys its own connection and nobody else's
        pipelining: 1,
        keepAliveTimeout: 10_000,
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: 0, // the exchange has its own timers
        bodyTimeout: 0,
      })
      pools.set(key, pool)
      return pool
    },
    close: async () => {
      const all = [...pools.values()]
      pools.clear()
      await Promise.all(all.map((pool) => pool.destroy()))
    },
  }
}

/**
 * Connects only to addresses that pass the guard. A name is resolved once per connection and the checked addresses are
 * the ones connected to. For IP literals the library asks no resolver, so they are checked before.
 */
function guardedConnector(options: { isPrivateAllowed: boolean; lookup: Lookup; connectMs: number }): buildConnector.connector {
  const { isPrivateAllowed, lookup, connectMs } = options
  const resolve = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
    const addresses = await lookup(hostname)
    if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
    checkAddresses(addresses, isPrivateAllowed)
    return addresses
  }
  const checkedLookup: LookupFunction = (hostname, lookupOptions, callback) => {
    // called from a fresh stack: what the library throws in its callback is not the lookup's
    void resolve(hostname).then(
      (addresses) => process.nextTick(answer, lookupOptions, callback, addresses),
      (error: unknown) => process.nextTick(callback, error, ''),
    )
  }
  const connect = buildConnector({
    allowH2: false,
    timeout: connectMs,
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    autoSelectFamily: true,
    lookup: checkedLookup,
  })
  return (target, callback) => {
    try {
      if (isIP(target.hostname) !== 0) checkAddress(target.hostname, isPrivateAllowed)
    } catch (error) {
      return process.nextTick(callback, error, null)
    }
    connect(target, (...result) => {
      const [error, socket] = result
      if (error) return callback(error, null)
      try {
        checkAddress(socket.remoteAddress ?? '', isPrivateAllowed)
        callback(null, socket)
      } catch (refusal) {
        socket.destroy()
        callback(refusal as Error, null)
      }
    })
  }
}

function answer(options: LookupOptions, callback: Parameters<LookupFunction>[2], addresses: readonly ResolvedAddress[]): void {
  if (options.all) callback(null, [...addresses])
  else callback(null, addresses[0]!.address, addresses[0]!.family)
}
