/**
 * What the address of a page says after "?", for `validateSearch` in routes.tsx. What is not understood is left out, as if it were not
 * there: an address is typed, cut off and kept for years. Small on purpose: zod would weigh more than the page.
 */
type Read<Value> = (given: unknown) => Value | undefined
type Readers = Readonly<Record<string, Read<unknown>>>
export type SearchOf<Fields extends Readers> = { [Name in keyof Fields]?: NonNullable<ReturnType<Fields[Name]>> | undefined }

export const oneOf =
  <const Values extends readonly (string | number | boolean)[]>(values: Values): Read<Values[number]> =>
  (given) =>
    values.find((value) => value === given)

/** Text of 1 to `most` characters; numbers too, which the router reads as numbers. */
export const someText =
  (most = 300): Read<string> =>
  (given) => {
    const text = typeof given === 'number' ? String(given) : given
    return typeof text === 'string' && text.length > 0 && text.length <= most ? text : undefined
  }

const matching =
  (pattern: RegExp): Read<string> =>
  (given) =>
    typeof given === 'string' && pattern.test(given) ? given : undefined

export const anId = matching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)
/** "2026-11-20", a day that exists. */
export const aDay: Read<string> = (given) => {
  const day = matching(/^\d{4}-\d{2}-\d{2}$/)(given)
  return day && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) ? day : undefined
}
export const aFlag: Read<boolean> = (given) => (typeof given === 'boolean' ? given : undefined)
export const aCount: Read<number> = (given) => (Number.isSafeInteger(given) && (given as number) >= 0 ? (given as number) : undefined)

/** `validateSearch: searchOf({ period: oneOf(PERIODS), from: aDay, search: someText() })` */
export const searchOf =
  <const Fields extends Readers>(fields: Fields) =>
  (given: Record<string, unknown>): SearchOf<Fields> =>
    Object.fromEntries(
      Object.entries(fields)
        .map(([name, read]) => [name, read(given[name])])
        .filter(([, value]) => value !== undefined),
    ) as SearchOf<Fields>
