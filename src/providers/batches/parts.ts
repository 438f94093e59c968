import { objectOf, textOf } from '../../base/json.ts'
import type { BatchQuestion } from '../batch.ts'

export const get = (path: string): BatchQuestion => ({ method: 'GET', path })

export const remove = (path: string): BatchQuestion => ({ method: 'DELETE', path })

export const postJson = (path: string, body: unknown): BatchQuestion => ({
  method: 'POST',
  path,
  body: new TextEncoder().encode(JSON.stringify(body)),
  contentType: 'application/json',
})

/** The same around lines that are JSON already: none of them is parsed and written again. */
export function postLines(
  path: string,
  { before, lines, after }: { before: string; lines: readonly string[]; after: string },
): BatchQuestion {
  return { method: 'POST', path, body: new TextEncoder().encode(`${before}${lines.join(',')}${after}`), contentType: 'application/json' }
}

/** A form of a few fields and one file (RFC 7578). */
export function postFile(
  path: string,
  { name, lines, fields }: { name: string; lines: readonly string[]; fields: Readonly<Record<string, string>> },
): BatchQuestion {
  const boundary = `latchkey-${name}`
  const parts = Object.entries(fields).map(
    ([field, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  )
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}.jsonl"\r\ncontent-type: application/jsonl\r\n\r\n`
  // JSON texts hold no line break and begin with a brace: no line is the boundary
  const body = new TextEncoder().encode(`${parts.join('')}${file}${lines.join('\n')}\n\r\n--${boundary}--\r\n`)
  return { method: 'POST', path, body, contentType: `multipart/form-data; boundary=${boundary}` }
}

/** An id is one step of a path, whatever a provider says that it is. */
export const step = (id: string): string => encodeURIComponent(id)

export const countIn = (value: unknown): number | undefined => {
  const count = typeof value === 'string' ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** Seconds since 1970, or RFC 3339. */
export function timeIn(value: unknown): Date | undefined {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : new Date(ms)
}

export const textsIn = (...values: readonly unknown[]): string[] => values.map(textOf).filter((value) => value !== undefined)

/** A result line as OpenAI writes it, and Mistral after it. */
export function openAiResult(line: unknown): { customId: string; status: number | undefined; body: unknown; error: unknown } | undefined {
  const found = objectOf(line)
  const customId = textOf(found?.['custom_id'])
  if (!found || customId === undefined) return undefined
  const response = objectOf(found['response'])
  return { customId, status: countIn(response?.['status_code']), body: response?.['body'], error: found['error'] ?? undefined }
}
