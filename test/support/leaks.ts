import { createHash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from '../../src/base/secret.ts'

/** A key that occurs nowhere else, in the shape of none that a pattern would catch. */
export function canaryKey(): { text: string; secret: () => Secret } {
  const text = `cny.${randomBytes(24).toString('base64url').replaceAll('-', 'x').replaceAll('_', 'y')}.${randomBytes(8).toString('hex')}`
  return { text, secret: () => new Secret(new Uint8Array(Buffer.from(text))) }
}

/** What of the canary stands in the text: whole in any of its forms, or 12 characters and more of it. */
export function leaksIn(text: string, canary: string): string[] {
  const bytes = Buffer.from(canary)
  const forms = [
    canary,
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(canary),
    JSON.stringify(canary).slice(1, -1),
    bytes.toString('utf16le'),
    Array.from(canary).toReversed().join(''),
    createHash('sha256').update(bytes).digest('hex'),
  ]
  const found = forms.filter((form) => text.toLowerCase().includes(form.toLowerCase()))
  for (let at = 0; at + 12 <= canary.length; at += 1) {
    if (text.includes(canary.slice(at, at + 12))) found.push(canary.slice(at, at + 12))
  }
  return found
}

/** Everything that a log, a crash report or a console could make of a thrown value. */
export function everythingOf(error: unknown): string {
  const parts = [
    inspect(error, { depth: 12, showHidden: true, getters: true, maxStringLength: null }),
    JSON.stringify(error) ?? '',
    JSON.stringify(error, Object.getOwnPropertyNames(error ?? {})) ?? '',
    String(error),
  ]
  if (error instanceof Error) parts.push(error.stack ?? '', error.message, everythingOf(error.cause ?? ''))
  return parts.join('\n')
}
