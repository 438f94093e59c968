import { existsSync } from 'node:fs'
import { AppError } from '../../../src/base/errors.ts'
import { holdDataFolder } from '../../../src/db/hold.ts'

/** Takes a data folder once the file `go` exists, says how that went, and keeps it until it is killed. */
const [dataDir, go] = process.argv.slice(2) as [string, string]
process.stdout.write('ready\n')
while (!existsSync(go)); // no pause: all starters shall meet
try {
  await holdDataFolder({ dataDir, purpose: 'a test' })
  process.stdout.write('held\n')
  setInterval(() => undefined, 1000)
} catch (error) {
  process.stdout.write(`${error instanceof AppError ? `${error.code} ${error.detail}` : String(error)}\n`)
}
