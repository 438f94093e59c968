import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A wire to a PostgreSQL that can be cut: nothing passes any more, and neither side is told. */
export interface DatabaseProxy {
  /** The same database, over this wire. */
  readonly url: string
  /** From now on nothing passes (true), or what waited goes on (false). */
  cut(isCut: boolean): void
  close(): Promise<void>
}

/** `url`: of a database that is reached over a socket in a folder, as the test cluster's are. */
export async function startDatabaseProxy(url: string): Promise<DatabaseProxy> {
  const { username, pathname, searchParams } = new URL(url)
  const socketFile = join(searchParams.get('host')!, '.s.PGSQL.5432')
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    const far = connect(socketFile)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined)
      from.on('data', (bytes: Buffer) => to.write(bytes))
      from.once('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      if (isCut) from.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `postgres://${username}@127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    cut(now) {
      isCut = now
      for (const socket of sockets) {
        if (now) socket.pause()
        else socket.resume()
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
