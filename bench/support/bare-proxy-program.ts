import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

/** The least that Node can do between two HTTP connections: bytes in, bytes out. Argument: the upstream's origin. */
const pool = new Pool(process.argv[2]!, { connections: 1_024, pipelining: 1 })
const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    let cancel: ((reason: Error) => void) | undefined
    outgoing.once('close', () => outgoing.writableFinished || cancel?.(new Error('left')))
    const headers = { 'content-type': 'application/json' }
    pool.dispatch(
      { path: incoming.url!, method: 'POST', headers, body: Buffer.concat(chunks) },
      {
        onRequestStart: (controller) => void (cancel = (reason) => controller.abort(reason)),
        onResponseStart: (_, status, { 'content-type': type, 'content-length': length }) => {
          if (type !== undefined) outgoing.setHeader('content-type', type)
          if (length !== undefined) outgoing.setHeader('content-length', length)
          outgoing.writeHead(status)
        },
        onResponseData: (_, chunk) => void outgoing.write(chunk),
        onResponseEnd: () => void outgoing.end(),
        onResponseError: () => void outgoing.destroy(),
      },
    )
  })
})
server.listen(0, '127.0.0.1', () => {
  process.once('disconnect', () => process.exit(0))
  process.send!({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
