import { openServices } from '../../src/server/services.ts'
import { loadConfig } from '../../src/runtime/config.ts'
import { createLog } from '../../src/runtime/log.ts'

/** The command with everything loaded and open, before it imports anything: what "idle" means for its memory. */
await import('../../src/cli/enrich.ts')
const config = loadConfig(process.env)
const services = await openServices({ config, log: createLog({ level: 'warn' }), purpose: 'benchmark: idle' })
process.send!('ready')
process.once('message', () => {
  void services.close().then(() => process.disconnect())
})
