/**
 * Whether a product is of the kind that has an attribute at all: a black shirt has no cable colour. Told by the words of its
 * title, from how often products with such words have the attribute, against how often all have it.
 */
export interface Kin {
  /** Words of one product's title. `has`: its value is known. */
  add(words: ReadonlySet<string>, has: boolean): void
  belongs(words: ReadonlySet<string>): boolean
}

interface Seen {
  all: number
  having: number
}

/** Where nearly all have it, it is everybody's. */
const NEARLY_ALL = 0.8
/** A word seen less often says less. */
const DOUBT = 3
/** What one word can say at most. */
const LOUDEST = 2
/** A little against it may be chance. */
const LEAST = -0.5

export function createKin(): Kin {
  const byWord = new Map<string, Seen>()
  const whole: Seen = { all: 0, having: 0 }
  return {
    add(words, has) {
      count(whole, has)
      for (const word of words) {
        let seen = byWord.get(word)
        if (!seen) byWord.set(word, (seen = { all: 0, having: 0 }))
        count(seen, has)
      }
    },
    belongs(words) {
      if (whole.having === 0) return true // nobody knows
      const share = whole.having / whole.all
      if (share >= NEARLY_ALL) return true
      let sum = 0
      for (const word of words) {
        const { all, having } = byWord.get(word) ?? { all: 0, having: 0 }
        const lift = (having + DOUBT * share) / (all + DOUBT) / share
        sum += Math.max(-LOUDEST, Math.min(LOUDEST, Math.log(lift)))
      }
      return sum >= LEAST
    },
  }
}

function count(seen: Seen, has: boolean): void {
  seen.all += 1
  if (has) seen.having += 1
}
