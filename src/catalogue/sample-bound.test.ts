import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { boundOf } from './sample-bound.ts'

// Clopper and Pearson, one-sided 95 %: none wrong of n gives 1 - 0.05^(1/n); 1 of 60 the root of (1-p)^60 + 60 p (1-p)^59 = 0.05, 0.07663;
// as in R: binom.test(x, n, alternative = "less")$conf.int[2]
it.each([
  [0, 60, 0.0487],
  [0, 300, 0.009936],
  [1, 60, 0.07663],
  [3, 100, 0.07571],
])('%i wrong of %i of a very large group: at most %f of it', (wrong, size, share) => {
  expect(boundOf({ group: 10_000_000, size, wrong }).share).toBeCloseTo(share, 4)
})

it('is narrower for a finite group, and exact where it can be counted by hand', () => {
  // 5 of 10 seen, none wrong: with 3 wrong among the ten, C(7,5) / C(10,5) = 21/252 = 8.3 % of samples show none; with 4, 6/252 = 2.4 %
  expect(boundOf({ group: 10, size: 5, wrong: 0 })).toEqual({ atMost: 3, share: 0.3 })
  expect(boundOf({ group: 3_912, size: 60, wrong: 0 }).atMost).toBeLessThan(0.0487 * 3_912)
  expect(boundOf({ group: 3_912, size: 60, wrong: 0 }).share).toBeGreaterThan(0.045)
})

it('knows a group that was looked at whole', () => {
  expect(boundOf({ group: 60, size: 60, wrong: 2 })).toEqual({ atMost: 2, share: 2 / 60 })
  expect(boundOf({ group: 1, size: 1, wrong: 0 })).toEqual({ atMost: 0, share: 0 })
  expect(() => boundOf({ group: 5, size: 6, wrong: 0 })).toThrow(RangeError)
})

test.prop([fc.integer({ min: 1, max: 400 }), fc.nat(), fc.nat()])(
  'holds in at least 95 of 100 samples, whatever the group: counted over all samples there are',
  (group, sizeSeed, wrongSeed) => {
    const size = 1 + (sizeSeed % group)
    const inGroup = wrongSeed % (group + 1)
    // The chance of each number of wrong ones in a sample (hypergeometric), by the ratio of each to the one before, then made to sum to 1.
    const least = Math.max(0, size - (group - inGroup))
    const most = Math.min(size, inGroup)
    const chances = [1]
    for (let seen = least; seen < most; seen += 1)
      chances.push((chances.at(-1)! * (inGroup - seen) * (size - seen)) / ((seen + 1) * (group - inGroup - size + seen + 1)))
    const total = chances.reduce((a, b) => a + b, 0)
    const missed = chances.reduce(
      (sum, chance, index) => sum + (boundOf({ group, size, wrong: least + index }).atMost < inGroup ? chance / total : 0),
      0,
    )
    expect(missed).toBeLessThanOrEqual(0.05 + 1e-9)
  },
)

it('holds in a simulation', () => {
  let state = 20_261_120
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const [group, size, inGroup, rounds] = [3_912, 60, 150, 4_000]
  let missed = 0
  for (let round = 0; round < rounds; round += 1) {
    let [left, wrongLeft, wrong] = [group, inGroup, 0]
    for (let drawn = 0; drawn < size; drawn += 1, left -= 1) {
      if (random() * left >= wrongLeft) continue
      wrong += 1
      wrongLeft -= 1
    }
    if (boundOf({ group, size, wrong }).atMost < inGroup) missed += 1
  }
  expect(missed / rounds).toBeLessThan(0.05 + 0.01) // three standard deviations of so many rounds
})
