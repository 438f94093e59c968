import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { openOnPglite } from '../../test/support/databases.ts'
import { testFolder } from '../../test/support/test-folder.ts'

const FRAGMENT = 12 // characters; a shorter match may be chance

it('KEY-17: the heap of a process that used a key and went idle holds neither the key nor the master key', async () => {
  const test = await openOnPglite()
  onTestFinished(() => test.destroy())
  await test.database.close() // the child opens it
  const out = testFolder()
  const masterKeyFile = join(out, 'master.key')
  const script = fileURLToPath(new URL('../../test/support/programs/idle-process.ts', import.meta.url))
  await promisify(execFile)(process.execPath, ['--expose-gc', script, test.dataDir!, masterKeyFile, out])

  const heap = readFileSync(join(out, 'heap.heapsnapshot'))
  const control = readFileSync(join(out, 'control.bin'))
  expect(found(heap, control)).toContain('raw') // a key that stayed a string is found: this test can fail
  expect(found(heap, readFileSync(join(out, 'secret.bin')))).toEqual([])
  const masterKey = readFileSync(masterKeyFile, 'latin1').trim()
  expect(found(heap, Buffer.from(masterKey, 'hex'))).toEqual([])
})

/** The spellings of `secret` of which the heap holds a fragment. */
function found(heap: Buffer, secret: Buffer): string[] {
  const reversed = Buffer.from(secret.toReversed())
  const spellings: [string, string][] = [
    ['raw', secret.toString('latin1')],
    ['reversed', reversed.toString('latin1')],
    ['hex', secret.toString('hex')],
    ['base64', secret.toString('base64')],
    ['base64, one byte later', secret.subarray(1).toString('base64')],
    ['base64, two bytes later', secret.subarray(2).toString('base64')],
    ['UTF-16', secret.toString('latin1').split('').join('\\u0000')],
  ]
  return spellings
    .filter(([, text]) =>
      Array.from({ length: Math.max(1, text.length - FRAGMENT + 1) }, (_, at) => text.slice(at, at + FRAGMENT)).some((part) =>
        heap.includes(part),
      ),
    )
    .map(([name]) => name)
}
