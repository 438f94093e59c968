/** A server as `latchkey serve` has it, without pages: says where it is, and ends at SIGTERM. */
import { flushCompileCache } from 'node:module'
import { loadConfig } from '../../../src/runtime/config.ts'
import { createLog } from '../../../src/runtime/log.ts'
import { startServer } from '../../../src/server/start.ts'

const server = await startServer({ config: loadConfig(process.env), log: createLog({ level: 'silent' }), pages: [] })
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})
const { origin, claimLink } = server
process.stdout.write(`${JSON.stringify({ origin, claimToken: claimLink?.split('#')[1] })}\n`)
flushCompileCache() // who is killed does not write it at its end
