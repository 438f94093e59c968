/** How many of a group can be wrong when a random sample of it was looked at. */
export interface SampleBound {
  readonly atMost: number // of the group, those in the sample included
  readonly share: number // of the group: 0 to 1
}

/** How often the bound is to hold, in a hundred samples. */
export const CONFIDENCE = 0.95

/**
 * The one-sided upper bound for the number of wrong ones in a finite group, after `wrong` of a sample of `size` were found:
 * the largest number of wrong ones in the group with which so few in the sample would still be seen in at least one of twenty
 * samples. Exact for samples without replacement (hypergeometric); for a large group it becomes that of Clopper and Pearson.
 * Clopper and Pearson, Biometrika 26 (1934); Thompson, Sampling, 3rd edition, 5.2.
 */
export function boundOf({ group, size, wrong }: { group: number; size: number; wrong: number }): SampleBound {
  if (![group, size, wrong].every(Number.isSafeInteger) || wrong < 0 || wrong > size || size < 1 || size > group)
    throw new RangeError(`${wrong} wrong of ${size} of ${group}`)
  // From what the sample shows at least to what it leaves possible at most; the chance falls as more are wrong.
  let low = wrong
  let high = group - (size - wrong)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (chanceOfAtMost({ group, size, wrong, inGroup: middle }) > 1 - CONFIDENCE) low = middle
    else high = middle - 1
  }
  return { atMost: low, share: low / group }
}

/** The chance that a sample holds at most `wrong`, when `inGroup` of the group are. */
function chanceOfAtMost({ group, size, wrong, inGroup }: { group: number; size: number; wrong: number; inGroup: number }): number {
  const all = logChoose(group, size)
  let chance = 0
  for (let seen = Math.max(0, size - (group - inGroup)); seen <= Math.min(wrong, inGroup); seen += 1)
    chance += Math.exp(logChoose(inGroup, seen) + logChoose(group - inGroup, size - seen) - all)
  return chance
}

/** The logarithm of the number of ways to choose `k` of `n`. */
function logChoose(n: number, k: number): number {
  const fewer = Math.min(k, n - k)
  let sum = 0
  for (let step = 1; step <= fewer; step += 1) sum += Math.log((n - fewer + step) / step)
  return sum
}
