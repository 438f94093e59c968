import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { assignmentRules, FALLBACK_CLASSES } from '../contract/assignments.ts'
import { type AssignedCandidate, candidatesFor, candidatesForFlagged, explainChoice, type RecordFacts } from './choose.ts'

const family = fc.constantFrom('lamps', 'chairs', 'bags')
const attribute = fc.constantFrom('title', 'description', 'weight', 'colour')
const length = fc.nat(4_000)

const rules: fc.Arbitrary<AssignedCandidate['rules']> = fc.record(
  {
    families: fc.uniqueArray(family, { minLength: 1 }),
    missing: fc.uniqueArray(attribute, { minLength: 1 }),
    inputCharacters: fc
      .tuple(length, length)
      .map(([a, b]) => ({ atLeast: Math.min(a, b), atMost: Math.max(a, b) }))
      .chain(({ atLeast, atMost }) => fc.constantFrom({ atLeast }, { atMost }, { atLeast, atMost })),
    flaggedByFirst: fc.constant(true as const),
  },
  { requiredKeys: [] },
)
const candidates: fc.Arbitrary<AssignedCandidate[]> = fc
  .array(fc.record({ rules, fallbackOn: fc.subarray([...FALLBACK_CLASSES]) }), { maxLength: 6 })
  .map((list) =>
    list.map((one, position) => ({
      position,
      connection: { id: `c${position}`, slug: `c${position}`, provider: 'practice', destination: { baseUrl: 'practice:' }, rateCard: null },
      model: `model-${position}`,
      ...one,
    })),
  )
const facts: fc.Arbitrary<RecordFacts> = fc.record({
  family: fc.option(family),
  missing: fc.uniqueArray(attribute),
  inputCharacters: length,
})

/** The rules in the words of the page, written down a second time. */
function fitsPlainly({ rules: asked }: AssignedCandidate, { family: its, missing, inputCharacters }: RecordFacts): boolean {
  if (asked.families && (its === null || !asked.families.includes(its))) return false
  if (asked.missing && !asked.missing.some((name) => missing.includes(name))) return false
  const { atLeast, atMost } = asked.inputCharacters ?? {}
  return (atLeast === undefined || inputCharacters >= atLeast) && (atMost === undefined || inputCharacters <= atMost)
}

describe('who serves a record', () => {
  test.prop([candidates, facts])('is the first whose rules fit, and nobody when none does', (list, record) => {
    const first = list.find((one) => !one.rules.flaggedByFirst && fitsPlainly(one, record))
    expect(candidatesFor(list, record)[0]).toBe(first)
  })

  test.prop([candidates, facts])('all that follow fit too, stand in their order, and are let in by the one before', (list, record) => {
    const chain = candidatesFor(list, record)
    expect(chain.every((one) => fitsPlainly(one, record) && !one.rules.flaggedByFirst)).toBe(true)
    expect(chain.map(({ position }) => position)).toEqual(chain.map(({ position }) => position).toSorted((a, b) => a - b))
    expect(chain.slice(0, -1).every(({ fallbackOn }) => fallbackOn.length > 0)).toBe(true)
  })

  test.prop([candidates, facts])('a chain ends at the first that lets go of nothing, or when nobody is left who fits', (list, record) => {
    const chain = candidatesFor(list, record)
    const last = chain.at(-1)
    if (!last || last.fallbackOn.length === 0) return
    const later = list.filter((one) => one.position > last.position && !one.rules.flaggedByFirst && fitsPlainly(one, record))
    expect(later).toEqual([])
  })

  test.prop([candidates, facts])('a candidate without rules before all others serves every record', (list, record) => {
    const forAll = { ...list[0], position: -1, rules: {}, fallbackOn: [] } as unknown as AssignedCandidate
    expect(candidatesFor([forAll, ...list], record)).toEqual([forAll])
  })

  test.prop([candidates, facts])('without anything allowed nobody takes over', (list, record) => {
    const strict = list.map((one) => ({ ...one, fallbackOn: [] }))
    expect(candidatesFor(strict, record).length).toBeLessThanOrEqual(1)
  })

  test.prop([candidates, facts])('a flagged record goes to a later candidate that asks for flagged ones, and fits', (list, record) => {
    const [served] = candidatesFor(list, record)
    if (!served) return
    const again = candidatesForFlagged(list, record, list.indexOf(served))
    const wanted = list.find((one) => one.position > served.position && one.rules.flaggedByFirst && fitsPlainly(one, record))
    expect(again[0]).toBe(wanted)
    expect(again.every(({ rules: asked, position }) => asked.flaggedByFirst && position > served.position)).toBe(true)
  })

  test.prop([candidates, facts])('what is told is what is done', (list, record) => {
    const told = explainChoice(list, record)
    const at = (verdict: string) => told.filter((one) => one.verdict === verdict).map(({ position }) => position)
    const [chosen, ...next] = candidatesFor(list, record).map(({ position }) => position)
    expect(at('chosen')).toEqual(chosen === undefined ? [] : [chosen])
    expect(at('takes_over')).toEqual(next)
    const again = chosen === undefined ? [] : candidatesForFlagged(list, record, chosen)
    expect(at('second_look')).toEqual(again.slice(0, 1).map(({ position }) => position))
    for (const { verdict, checks } of told) {
      if (verdict === 'does_not_fit') expect(checks.some((check) => !check.fits)).toBe(true)
      if (verdict === 'chosen' || verdict === 'takes_over') expect(checks.every((check) => check.fits)).toBe(true)
    }
  })
})

it('a product without a family fits no rule that names families', () => {
  const [list] = fc.sample(
    candidates.filter((some) => some.length > 0),
    1,
  )
  const lamps = [{ ...list![0]!, rules: { families: ['lamps'] } }]
  expect(candidatesFor(lamps, { family: null, missing: [], inputCharacters: 10 })).toEqual([])
})

it.each([
  ['a bound of nothing', { inputCharacters: {} }],
  ['bounds the wrong way round', { inputCharacters: { atLeast: 10, atMost: 5 } }],
  ['no family', { families: [] }],
  ['a rule nobody knows', { colour: 'red' }],
  ['a flag that is off', { flaggedByFirst: false }],
])('%s is no rule', (_, given) => {
  expect(assignmentRules.safeParse(given).success).toBe(false)
})
