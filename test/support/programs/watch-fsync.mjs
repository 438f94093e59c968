// Preloaded (--import) into a program and its threads: notes every fsync in the file FSYNC_LOG, and lets those after number FSYNC_FAILS_AFTER fail.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { fsyncSync } = fs
const failsAfter = Number(process.env.FSYNC_FAILS_AFTER ?? Infinity)
let count = 0
fs.fsyncSync = (descriptor) => {
  if (++count > failsAfter) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  fsyncSync(descriptor)
  fs.appendFileSync(process.env.FSYNC_LOG, '.')
}
syncBuiltinESMExports()
