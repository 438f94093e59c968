/**
 * Stands in for zod where the contract is built into the pages (src/server/web-config.ts). The pages need of a route its method, its path and
 * its types; the server checks what comes and shapes what goes with the real schemas. That saves 50 kB of the first page and the time
 * to build some hundred schemas. Whoever tries to parse with a schema of the contract is told so.
 */
const RUNS = new Set(['parse', 'parseAsync', 'safeParse', 'safeParseAsync', 'options', 'enum', '_zod', '~standard', 'isOptional'])

const schema: unknown = new Proxy(() => undefined, {
  apply: () => schema,
  get: (_, name) => {
    if (typeof name === 'symbol') return undefined
    if (RUNS.has(name)) throw new Error(`The contract’s schemas are not part of the pages: .${name} works on the server only`)
    return schema
  },
})

/** `z.enum` makes a schema; a schema's own `enum` is what it was made from. */
export const z: unknown = new Proxy({}, { get: () => schema })
