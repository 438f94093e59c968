import { createHash, randomBytes, randomInt } from 'node:crypto'
import { appendFileSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLUSTER_VARIABLE } from './postgres-cluster.ts'

/**
 * KEY-1 of the threat model: a secret of a test run may be found nowhere, in no form. Secrets are made unique by
 * `newSecret`, and `expectNoSecret` searches files, outputs and database rows for them. A search that finds nothing
 * proves nothing by itself, so each one also plants every form and must find it.
 */

/** The fewest characters in a row that count as a leak; a connection shows the last four of its key. */
const FEWEST_CHARACTERS = 12

/** A key of its own for one test, remembered so that the whole run can be swept for it. `odd`: with characters that encodings change. */
export function newSecret({ prefix = 'sk-test-', odd = false }: { prefix?: string; odd?: boolean } = {}): string {
  if (prefix.length >= FEWEST_CHARACTERS)
    throw new Error(`"${prefix}" is so long that other texts may hold as much of it: it would be found`)
  const random = randomBytes(36).toString('base64url')
  const secret = odd ? `${prefix}${random.slice(0, 20)}"+/=\\&<%${random.slice(20)}` : prefix + random
  const registry = secretRegistry()
  if (registry) appendFileSync(registry, `${secret}\n`, { mode: 0o600 })
  return secret
}

/** Where a test run writes down its secrets, outside everything that is swept; undefined without a global setup. */
export function secretRegistry(): string | undefined {
  const folder = process.env[CLUSTER_VARIABLE]
  return folder === undefined ? undefined : `${folder}.secrets`
}

export interface Hit {
  readonly place: string
  readonly form: string
  readonly length: number // bytes in a row
}

/** One form of a secret, and how many of its bytes in a row are too many. */
interface Form {
  readonly name: string
  readonly bytes: Buffer
  readonly fewest: number
}

/** Everything that a secret may have become on its way to a file: encodings, hashes, at every alignment. */
export function formsOf(secret: string): Form[] {
  const raw = Buffer.from(secret, 'utf8')
  const forms: Form[] = []
  const add = (name: string, text: string | Buffer, fewest = FEWEST_CHARACTERS): void => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
    if (!forms.some((form) => form.bytes.equals(bytes))) forms.push({ name, bytes, fewest: Math.min(fewest, bytes.length) })
  }
  const reversed = secret.split('').toReversed().join('')
  add('raw', raw)
  add('reversed', reversed)
  add('hex', raw.toString('hex'), 2 * FEWEST_CHARACTERS)
  add('HEX', raw.toString('hex').toUpperCase(), 2 * FEWEST_CHARACTERS)
  for (const shift of [0, 1, 2]) {
    // Inside a longer text the secret starts at any of three positions of a group; groups at its ends hold other bytes too.
    const padded = Buffer.concat([Buffer.alloc(shift), raw])
    const whole = padded.subarray(shift === 0 ? 0 : 3, padded.length - (padded.length % 3))
    add(`base64+${shift}`, whole.toString('base64'), 16)
    add(`base64url+${shift}`, whole.toString('base64url'), 16)
  }
  add('URL-encoded', encodeURIComponent(secret), 16)
  add('JSON-escaped', JSON.stringify(secret).slice(1, -1))
  add('JSON-escaped twice', JSON.stringify(JSON.stringify(secret)).slice(3, -3))
  add('HTML-escaped', secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;'))
  add('UTF-16LE', Buffer.from(secret, 'utf16le'), 2 * FEWEST_CHARACTERS)
  add('UTF-16BE', Buffer.from(secret, 'utf16le').swap16(), 2 * FEWEST_CHARACTERS)
  const digest = createHash('sha256').update(raw).digest()
  add('SHA-256', digest, 16)
  add('SHA-256 hex', digest.toString('hex'), 24)
  add('SHA-256 HEX', digest.toString('hex').toUpperCase(), 24)
  add('SHA-256 base64', digest.toString('base64'), 16)
  add('SHA-256 base64url', digest.toString('base64url'), 16)
  return forms
}

/** A search for any forbidden stretch of any form of these secrets, in one pass over the bytes. */
export function createSearch(secrets: readonly string[]): (place: string, bytes: Buffer) => Hit[] {
  // Every forbidden stretch holds at least one whole block of half its length that starts at a multiple of it.
  const blocks: { form: Form; at: number }[] = []
  for (const form of secrets.flatMap(formsOf)) {
    const size = Math.max(3, Math.floor((form.fewest + 1) / 2))
    for (let at = 0; at + size <= form.bytes.length; at += size) blocks.push({ form, at })
  }
  const beginnings = new Uint8Array(1 << 24)
  const byBeginning = Map.groupBy(blocks, ({ form, at }) => form.bytes.readUIntBE(at, 3))
  for (const beginning of byBeginning.keys()) beginnings[beginning] = 1
  return (place, bytes) => {
    const hits: Hit[] = []
    let window = 0
    for (let end = 0; end < bytes.length; end += 1) {
      window = ((window << 8) | bytes[end]!) & 0xffffff
      if (beginnings[window] === 0 || end < 2) continue
      const start = end - 2
      for (const { form, at } of byBeginning.get(window) ?? []) {
        const length = matchedLength(form.bytes, at, bytes, start)
        if (length >= form.fewest && !hits.some((hit) => hit.form === form.name)) hits.push({ place, form: form.name, length })
      }
    }
    return hits
  }
}

/** How many bytes in a row agree around a place where two buffers do. */
function matchedLength(a: Buffer, aAt: number, b: Buffer, bAt: number): number {
  let before = 0
  while (aAt - before > 0 && bAt - before > 0 && a[aAt - before - 1] === b[bAt - before - 1]) before += 1
  let after = 0
  while (aAt + after < a.length && bAt + after < b.length && a[aAt + after] === b[bAt + after]) after += 1
  return before + after
}

/** Where secrets are looked for: texts (outputs, rows), files and whole folders. */
export interface Places {
  readonly texts?: Readonly<Record<string, string | Uint8Array>>
  readonly paths?: readonly string[]
}

/** Searches all places. @returns what was found; and how many bytes were searched, which must not be none. */
export function sweep(secrets: readonly string[], { texts = {}, paths = [] }: Places): { hits: Hit[]; bytes: number } {
  const search = createSearch(secrets)
  const hits: Hit[] = []
  let bytes = 0
  const look = (place: string, content: Buffer): void => {
    bytes += content.length
    hits.push(...search(place, content))
  }
  for (const [place, text] of Object.entries(texts)) look(place, Buffer.from(text))
  for (const file of paths.flatMap(filesIn)) {
    look(file, readFileSync(file))
    hits.push(...search(`the name ${file}`, Buffer.from(file)))
  }
  return { hits, bytes }
}

/** @throws when a secret is found; when nothing was searched; and when the search misses a form that was planted. */
export function expectNoSecret(secrets: readonly string[], places: Places): { bytes: number } {
  if (secrets.length === 0) throw new Error('no secret to look for')
  const { hits, bytes } = sweep(secrets, places)
  if (hits.length > 0)
    throw new Error(`secrets were found: ${hits.map(({ place, form, length }) => `${form} (${length} bytes) in ${place}`).join('; ')}`)
  if (bytes === 0) throw new Error('nothing was searched')
  expectFindsPlanted(secrets)
  return { bytes }
}

/** The control: each form, whole and as its shortest forbidden stretch, planted among other bytes, is found. */
export function expectFindsPlanted(secrets: readonly string[]): void {
  const search = createSearch(secrets)
  for (const secret of secrets) {
    for (const { name, bytes, fewest } of formsOf(secret)) {
      const at = randomInt(bytes.length - fewest + 1)
      for (const planted of [bytes, bytes.subarray(at, at + fewest)]) {
        const soil = Buffer.concat([randomBytes(randomInt(50)), planted, randomBytes(50)])
        if (search('control', soil).length === 0) throw new Error(`the sweep misses ${planted.length} bytes of the form ${name}`)
      }
    }
  }
}

/** The files in a folder, or the file itself; what disappears meanwhile is left out. */
function filesIn(path: string): string[] {
  if (!existsSync(path)) return []
  const status = lstatSync(path)
  if (status.isFile()) return [path]
  return status.isDirectory() ? readdirSync(path).flatMap((name) => filesIn(join(path, name))) : []
}
