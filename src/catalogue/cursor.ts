/** The cursor of a list that goes on behind a row: that row's key, for `readKey` to take apart. */
export const writeKey = (key: readonly unknown[]): string => Buffer.from(JSON.stringify(key)).toString('base64url')

/** What a cursor holds, unchecked; undefined for one that `writeKey` did not make. */
export function readKey(cursor: string): readonly unknown[] | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(key) ? (key as unknown[]) : undefined
  } catch {
    return undefined
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** An id as our own lists write it, in lower case. */
export const isId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value)
