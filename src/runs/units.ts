import type { LeasedItem, RunKind } from './run-kind.ts'

/** What one call is about: leased items with their subjects, place by place. */
export interface Unit<Subject> {
  readonly items: readonly LeasedItem[]
  readonly subjects: readonly Subject[]
}

/**
 * Units of as many items as the kind takes at once, in the order of their first items. Those of one unit ask the same candidate, and
 * are of one sort where the kind tells sorts apart.
 */
export function intoUnits<Subject>(
  items: readonly LeasedItem[],
  subjects: readonly Subject[],
  { itemsPerUnit, sortOf = () => undefined }: Pick<RunKind<Subject>, 'itemsPerUnit' | 'sortOf'>,
): Unit<Subject>[] {
  const units: { readonly items: LeasedItem[]; readonly subjects: Subject[] }[] = []
  const open = new Map<number, Map<unknown, (typeof units)[number]>>()
  for (const [index, item] of items.entries()) {
    const subject = subjects[index]!
    const sort = sortOf(subject)
    const ofCandidate = open.get(item.candidate) ?? new Map<unknown, (typeof units)[number]>()
    open.set(item.candidate, ofCandidate)
    let unit = ofCandidate.get(sort)
    if (!unit) units.push((unit = { items: [], subjects: [] }))
    unit.items.push(item)
    unit.subjects.push(subject)
    if (unit.items.length < itemsPerUnit) ofCandidate.set(sort, unit)
    else ofCandidate.delete(sort)
  }
  return units
}

/** The same for subjects that ask one candidate already. */
export function unitsOf<Subject>(
  subjects: readonly Subject[],
  { itemsPerUnit, sortOf = () => undefined }: Pick<RunKind<Subject>, 'itemsPerUnit' | 'sortOf'>,
): Subject[][] {
  return [...Map.groupBy(subjects, sortOf).values()].flatMap((alike) =>
    Array.from({ length: Math.ceil(alike.length / itemsPerUnit) }, (_, index) =>
      alike.slice(index * itemsPerUnit, (index + 1) * itemsPerUnit),
    ),
  )
}

/** Units that fill up as items come: one that is not full waits for more of its candidate and sort. */
export interface FillingUnits<Subject> {
  /** @returns the units that are full now. */
  add(items: readonly LeasedItem[], subjects: readonly Subject[]): Unit<Subject>[]
  /** What is not full, as it is. */
  takeAll(): Unit<Subject>[]
  isEmpty(): boolean
}

export function createUnits<Subject>(kind: Pick<RunKind<Subject>, 'itemsPerUnit' | 'sortOf'>): FillingUnits<Subject> {
  let waiting: Unit<Subject> = { items: [], subjects: [] }
  return {
    add(items, subjects) {
      const units = intoUnits([...waiting.items, ...items], [...waiting.subjects, ...subjects], kind)
      const isFull = ({ items: own }: Unit<Subject>): boolean => own.length >= kind.itemsPerUnit
      const rest = units.filter((unit) => !isFull(unit))
      waiting = { items: rest.flatMap((unit) => unit.items), subjects: rest.flatMap((unit) => unit.subjects) }
      return units.filter(isFull)
    },
    takeAll() {
      const units = intoUnits(waiting.items, waiting.subjects, kind)
      waiting = { items: [], subjects: [] }
      return units
    },
    isEmpty: () => waiting.items.length === 0,
  }
}
