import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { countSelected, EVERYTHING, isSelected, NOTHING, toggled, withRange } from './selection.ts'

const ids = Array.from({ length: 12 }, (_, index) => `product-${index}`)

test.prop([fc.array(fc.oneof(fc.constantFrom(...ids), fc.constantFrom('all' as const, 'none' as const)), { maxLength: 40 })])(
  'a selection holds what a plain set would hold, whatever was clicked',
  (clicks) => {
    let selection = NOTHING
    let model = new Set<string>()
    for (const click of clicks) {
      if (click === 'all') [selection, model] = [EVERYTHING, new Set(ids)]
      else if (click === 'none') [selection, model] = [NOTHING, new Set()]
      else {
        selection = toggled(selection, click)
        if (!model.delete(click)) model.add(click)
      }
    }
    expect(ids.filter((id) => isSelected(selection, id))).toEqual(ids.filter((id) => model.has(id)))
    expect(countSelected(selection, ids.length)).toBe(model.size)
  },
)

it('selects a range with shift, and leaves the rest as it was', () => {
  const some = toggled(toggled(NOTHING, 'product-1'), 'product-9')
  const ranged = withRange(some, ids.slice(0, 4), true)
  expect(ids.filter((id) => isSelected(ranged, id))).toEqual(['product-0', 'product-1', 'product-2', 'product-3', 'product-9'])
  expect(countSelected(withRange(EVERYTHING, ids.slice(0, 4), false), 12)).toBe(8)
})

it('does not claim a number that nobody knows', () => {
  expect(countSelected(EVERYTHING, undefined)).toBeUndefined()
})
