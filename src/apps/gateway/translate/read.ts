import { AppError } from '../../../base/errors.ts'
import { isObject } from '../../../base/json.ts'

/** JSON whose form nobody has looked at yet. */
export type Block = Readonly<Record<string, unknown>>

/** A request whose form is wrong: said by the path of the first place that is. */
export function malformed(path: string, expected: string): AppError {
  const issue = { path, message: `expected ${expected}` }
  return new AppError('request.invalid', `"${path}" has the wrong form: ${issue.message}.`, { issues: [issue] })
}

/** Deeper than any request means to be, and far from where a program runs out of stack. */
const MAX_DEPTH = 200

/** The body of a request. @throws AppError request.invalid when it is no object, or nested too deeply to be worked with. */
export function bodyAt(body: unknown): Block {
  let level: readonly unknown[] = [body]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw malformed('body', `at most ${MAX_DEPTH} levels of nesting`)
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? (Object.values(value) as readonly unknown[]) : []))
  }
  return objectAt(body, 'body')
}

export function objectAt(value: unknown, path: string): Block {
  if (isObject(value)) return value
  throw malformed(path, 'an object')
}

export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw malformed(path, 'a list')
}

export function stringAt(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw malformed(path, 'a text')
}

export function numberAt(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw malformed(path, 'a number')
}

/** A whole number of 1 and more: a limit of tokens. */
export function countAt(value: unknown, path: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw malformed(path, 'a whole number of 1 or more')
}

export function integerAt(value: unknown, path: string): number {
  if (Number.isSafeInteger(value)) return value as number
  throw malformed(path, 'a whole number')
}

export function booleanAt(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  throw malformed(path, 'true or false')
}

export function oneOf<const T extends string>(value: unknown, path: string, words: readonly T[]): T {
  const found = words.find((word) => word === value)
  if (found !== undefined) return found
  throw malformed(path, `one of ${words.join(', ')}`)
}

/** One text, or a list of them. */
export function stringsAt(value: unknown, path: string): readonly string[] {
  if (typeof value === 'string') return [value]
  return arrayAt(value, path).map((entry, index) => stringAt(entry, `${path}[${index}]`))
}
