import { expect, it } from 'vitest'
import type { LeasedItem } from './run-kind.ts'
import { intoUnits, unitsOf } from './units.ts'

const items = (candidates: readonly number[]): LeasedItem[] =>
  candidates.map((candidate, index) => ({
    runId: 'run',
    position: index + 1,
    subjectId: `${index}`,
    workHash: '',
    candidate,
    escalated: null,
    leader: null,
    attempt: 1,
  }))
const sortOf = (subject: string): unknown => subject[0]

it('makes units of items that ask one candidate and are of one sort, in the order of their first items', () => {
  const subjects = ['a1', 'b2', 'a3', 'a4', 'a5']
  const units = intoUnits(items([0, 0, 0, 1, 0]), subjects, { itemsPerUnit: 2, sortOf })
  expect(units.map((unit) => unit.subjects)).toEqual([['a1', 'a3'], ['b2'], ['a4'], ['a5']])
  expect(units.map((unit) => unit.items.map(({ position }) => position))).toEqual([[1, 3], [2], [4], [5]])
  expect(intoUnits(items([0, 0, 0]), ['a', 'b', 'c'], { itemsPerUnit: 2 }).map((unit) => unit.subjects)).toEqual([['a', 'b'], ['c']])
})

it('makes units of subjects of one candidate in the same way', () => {
  expect(unitsOf(['a1', 'b2', 'a3', 'a4'], { itemsPerUnit: 2, sortOf })).toEqual([['a1', 'a3'], ['a4'], ['b2']])
  expect(unitsOf([], { itemsPerUnit: 2 })).toEqual([])
})
