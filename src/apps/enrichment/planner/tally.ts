import { addToTally, emptyTally, type InputTally } from '../quote.ts'

/** What a run will send, counted so that each step can be turned on and off: all, and without those that are filled in. */
export interface PlanTally {
  readonly whole: PartTally // asked for everything
  readonly parts: Readonly<Record<string, PartTally>> // by what rules answered (`partKey`): asked for the rest
  readonly unchanged: InputTally // they have their values
}

export interface PartTally {
  readonly all: InputTally
  readonly leading: InputTally // those that are not filled in from a sibling
}

const emptyPart: PartTally = { all: emptyTally, leading: emptyTally }
export const emptyPlanTally: PlanTally = { whole: emptyPart, parts: {}, unchanged: emptyTally }

/** Tallies that were kept before there were steps count every product as asked for everything. */
export const planTallyOf = (kept: PlanTally | InputTally): PlanTally =>
  'whole' in kept ? kept : { ...emptyPlanTally, whole: { all: kept, leading: kept }, parts: { '': { all: kept, leading: kept } } }

/** Adds one product. `part`: what rules answered of it. */
export function addToPlan(
  tally: PlanTally,
  { part, tokens, isFollower }: { part: string; tokens: number; isFollower: boolean },
): PlanTally {
  const add = ({ all, leading }: PartTally): PartTally => ({
    all: addToTally(all, tokens),
    leading: isFollower ? leading : addToTally(leading, tokens),
  })
  return { ...tally, whole: add(tally.whole), parts: { ...tally.parts, [part]: add(tally.parts[part] ?? emptyPart) } }
}

export const addUnchanged = (tally: PlanTally, tokens: number): PlanTally => ({
  ...tally,
  unchanged: addToTally(tally.unchanged, tokens),
})

/** So many times the products: for a sample that speaks for all, or a share that is asked again. */
export function scaledPlan({ whole, parts, unchanged }: PlanTally, factor: number): PlanTally {
  const tally = ({ products, tokens }: InputTally): InputTally => ({
    products: Math.round(products * factor),
    tokens: Math.round(tokens * factor),
  })
  const part = ({ all, leading }: PartTally): PartTally => ({ all: tally(all), leading: tally(leading) })
  return {
    whole: part(whole),
    parts: Object.fromEntries(Object.entries(parts).map(([key, each]) => [key, part(each)])),
    unchanged: tally(unchanged),
  }
}

/** Two tallies as one. */
export const sumTallies = (a: InputTally, b: InputTally): InputTally => ({ products: a.products + b.products, tokens: a.tokens + b.tokens })

export const lessTally = (a: InputTally, b: InputTally): InputTally => ({ products: a.products - b.products, tokens: a.tokens - b.tokens })

export const sumParts = (parts: readonly PartTally[]): PartTally =>
  parts.reduce((sum, { all, leading }) => ({ all: sumTallies(sum.all, all), leading: sumTallies(sum.leading, leading) }), emptyPart)
