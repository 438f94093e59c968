import type { Usage, UsageUnit } from '../../base/usage.ts'

/**
 * Reads counts out of a usage block and remembers the first reason to doubt it. Absent (or null) is undefined, never
 * zero; what is not a whole number from 0 to 2^53 is a doubt. The reason holds field names and numbers only.
 */
export interface CountReader {
  read(block: Readonly<Record<string, unknown>> | undefined, field: string): number | undefined
  required(block: Readonly<Record<string, unknown>> | undefined, field: string): number
  check(holds: boolean, otherwise: () => string): void
  readonly doubt: string | undefined
}

export function createCountReader(): CountReader {
  let doubt: string | undefined
  const read = (block: Readonly<Record<string, unknown>> | undefined, field: string): number | undefined => {
    const value = block?.[field]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    doubt ??= `${field} is no count`
    return undefined
  }
  return {
    read,
    required: (block, field) => {
      const count = read(block, field)
      if (count === undefined) doubt ??= `${field} is missing`
      return count ?? 0
    },
    check: (holds, otherwise) => {
      if (!holds) doubt ??= otherwise()
    },
    get doubt() {
      return doubt
    },
  }
}

/** Only the units that are known. */
export function usageOf(counts: Partial<Record<UsageUnit, number | undefined>>): Usage {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined))
}
