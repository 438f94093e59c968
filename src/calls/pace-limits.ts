import type { RateLimit } from '../providers/rate-limits.ts'

/** A limit as it is kept and shown: of one model, since providers count model by model. Times are milliseconds since 1970. */
export interface LearnedLimit extends Omit<RateLimit, 'resetsInMs'> {
  readonly model: string
  readonly atMs: number // when it was told
  readonly resetsAtMs?: number
  /** What one call took of it lately. */
  readonly perCall?: number
  /** A bucket that fills all the time, rather than a window that ends. */
  readonly refillPerMs?: number
}

export interface Limits {
  /**
   * When the next call of this model may start: now, later, or not before another has ended (Infinity). Of the limits that are
   * known, what remains covers the next `waiting` calls: nobody waits. It does not: they are spread over what is left of
   * the window. Only a tenth of a window is left, and more are at work: they are spread too, two seconds apart at most. Nothing remains: until the window ends, or a bucket has filled up enough. `instances` share what remains.
   */
  opensAt(model: string, options: { nowMs: number; waiting: number; instances: number }): number
  /** A call of this model starts. @returns its number, for `ended`. */
  begun(model: string, nowMs: number): number
  /** It ended; `told`: its answer's limits, undefined when it never reached the provider. */
  ended(model: string, call: { number: number; nowMs: number; told: readonly RateLimit[] | undefined }): void
  all(): LearnedLimit[]
  /** Takes what others were told where it is newer. */
  adopt(limits: readonly LearnedLimit[], nowMs: number): void
}

/** A limit that opens later than this is left to the provider's own word: it may know better, and says so with its 429. */
const LONGEST_HOLD_MS = 5 * 60_000
/** Of a connection; the one heard of least lately goes. */
const MOST_MODELS = 30
/** How long a bucket takes to fill, where providers say nothing else. */
const BUCKETS_MS = [60_000, 3_600_000, 86_400_000]
/** Below this, resets are too coarse to tell a bucket from a window; waiting for them costs little. */
const SHORT_RESET_MS = 10_000
/** So many answers that no bucket would have given: it is a window. */
const WINDOW_AFTER = 3
/**
 * What is left when a window nears its end, as a share of its limit: so much is spread, so that a person's call still finds
 * something. It may be all that is asked for, so nobody is made to wait long.
 */
const NEAR_THE_END = 0.1
const LONGEST_GAP_MS = 2_000
/** Calls differ in what they take: the last one of a window starts when so much more than the average is left. */
const MARGIN = 1.5
/** The weight of what was seen before, in what a call takes. */
const MEMORY = 0.9
/** What others were told is newer only by more than this: one's own answers know of one's own calls. */
const NEWER_MS = 1_000

interface Known {
  readonly kind: string
  readonly windowMs: number | undefined
  limit: number | undefined
  remaining: number | undefined
  atMs: number
  resetsAtMs: number | undefined
  refillPerMs: number
  notABucket: number
  /** Of the model's calls, the last that `remaining` knows of; later ones may have taken from it already. */
  upTo: number
  notSent: number // of the later ones
  took: { amount: number; calls: number } // decaying sums
}

interface Model {
  begun: number
  inFlight: number
  lastStartMs: number
  readonly known: Map<string, Known>
}

/** What a provider says of its limits, model by model, and how calls are spaced so that none runs into them. */
export function createLimits(): Limits {
  const models = new Map<string, Model>()

  const modelOf = (name: string): Model => {
    let model = models.get(name)
    if (!model) {
      models.set(name, (model = { begun: 0, inFlight: 0, lastStartMs: 0, known: new Map() }))
      for (const [old, { inFlight }] of models) {
        if (models.size <= MOST_MODELS) break
        if (inFlight === 0 && old !== name) models.delete(old)
      }
    }
    return model
  }

  return {
    opensAt(name, { nowMs, waiting, instances }) {
      const model = models.get(name)
      if (!model || model.known.size === 0) return nowMs
      let opensAt = nowMs
      for (const known of model.known.values()) {
        renew(known, model, nowMs)
        const at = opening(known, model, { nowMs, waiting, instances })
        if (at > opensAt && !(at - nowMs > LONGEST_HOLD_MS && at < Infinity)) opensAt = at
      }
      return opensAt
    },
    begun(name, nowMs) {
      const model = modelOf(name)
      model.inFlight += 1
      model.lastStartMs = nowMs
      return (model.begun += 1)
    },
    ended(name, { number, nowMs, told }) {
      const model = models.get(name)
      if (!model) return
      model.inFlight -= 1
      if (!told) for (const known of model.known.values()) if (number > known.upTo) known.notSent += 1
      if (!told || told.length === 0) return
      models.delete(name) // to the end: the one heard of last
      models.set(name, model)
      for (const limit of told) learn(model, limit, { number, nowMs })
    },
    all: () => [...models].flatMap(([name, { known }]) => [...known.values()].map((limit) => toLearned(name, limit))),
    adopt(limits, nowMs) {
      for (const { model: name, ...limit } of limits) {
        const model = modelOf(name)
        const key = keyOf(limit)
        const own = model.known.get(key)
        if (own && own.atMs + NEWER_MS >= limit.atMs) continue
        const atMs = Math.min(limit.atMs, nowMs) // of another's clock
        model.known.set(key, { ...newKnown(limit), ...adopted(limit, own), atMs, upTo: model.begun })
      }
    },
  }
}

const keyOf = ({ kind, windowMs }: { kind: string; windowMs?: number }): string => `${kind} ${windowMs ?? ''}`

const newKnown = ({ kind, windowMs }: { kind: string; windowMs?: number }): Known => ({
  kind,
  windowMs,
  limit: undefined,
  remaining: undefined,
  atMs: 0,
  resetsAtMs: undefined,
  refillPerMs: 0,
  notABucket: 0,
  upTo: 0,
  notSent: 0,
  took: { amount: 0, calls: 0 },
})

const adopted = (
  { limit, remaining, resetsAtMs, refillPerMs = 0, perCall }: Omit<LearnedLimit, 'model'>,
  own: Known | undefined,
): Partial<Known> => ({
  limit,
  remaining,
  resetsAtMs,
  refillPerMs,
  notABucket: own?.notABucket ?? 0,
  took: perCall === undefined ? (own?.took ?? { amount: 0, calls: 0 }) : { amount: perCall, calls: 1 },
})

function toLearned(model: string, { kind, windowMs, limit, remaining, atMs, resetsAtMs, refillPerMs, took }: Known): LearnedLimit {
  return {
    model,
    kind,
    atMs,
    ...(windowMs === undefined ? {} : { windowMs }),
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetsAtMs === undefined ? {} : { resetsAtMs }),
    ...(took.calls > 0 ? { perCall: took.amount / took.calls } : {}),
    ...(refillPerMs > 0 ? { refillPerMs } : {}),
  }
}

/** Takes over what an answer told, unless a later call's answer was heard before. */
function learn(model: Model, told: RateLimit, { number, nowMs }: { number: number; nowMs: number }): void {
  const key = keyOf(told)
  let known = model.known.get(key)
  if (known && number < known.upTo) return
  const before = known
  if (!known) model.known.set(key, (known = newKnown(told)))
  const { limit, remaining, resetsInMs, windowMs } = told
  const expected = before ? refilled(before, nowMs) : undefined
  const rose = expected !== undefined && remaining !== undefined && remaining > expected
  if (expected !== undefined && remaining !== undefined && !rose && (known.resetsAtMs ?? Infinity) > nowMs) {
    const calls = number - known.upTo - known.notSent
    if (calls > 0) known.took = { amount: known.took.amount * MEMORY + expected - remaining, calls: known.took.calls * MEMORY + calls }
  }
  if (limit !== known.limit) known.refillPerMs = 0
  // Where it is not said when it resets, a window began at the latest when more remained than before.
  if (resetsInMs !== undefined) known.resetsAtMs = nowMs + resetsInMs
  else if (windowMs === undefined) known.resetsAtMs = undefined
  else if (!before || rose) known.resetsAtMs = nowMs + windowMs
  Object.assign(known, { limit, remaining, atMs: nowMs, upTo: number, notSent: 0 })
  tellBucket(known, told)
}

/** OpenAI, Groq, Azure and Anthropic count with buckets: their reset is when the bucket would be full, which gives how fast it fills. */
function tellBucket(known: Known, { limit, remaining, resetsInMs, windowMs }: RateLimit): void {
  if (limit === undefined || remaining === undefined || resetsInMs === undefined || resetsInMs < SHORT_RESET_MS || remaining >= limit)
    return
  const fillsInMs = (resetsInMs * limit) / (limit - remaining)
  const tolerance = 0.05 + 1_000 / resetsInMs // some say whole seconds
  const bucketMs = (windowMs === undefined ? BUCKETS_MS : [windowMs]).find((ms) => Math.abs(fillsInMs / ms - 1) <= tolerance)
  if (bucketMs === undefined) known.notABucket += 1
  known.refillPerMs = bucketMs !== undefined && known.notABucket < WINDOW_AFTER ? limit / bucketMs : 0
}

/** What remained when it was last told, and what has been filled up since. */
const refilled = ({ limit, remaining, refillPerMs, atMs }: Known, nowMs: number): number | undefined =>
  remaining === undefined ? undefined : Math.min(limit ?? Infinity, remaining + refillPerMs * (nowMs - atMs))

/** A window that has ended is as new. */
function renew(known: Known, model: Model, nowMs: number): void {
  const { resetsAtMs, windowMs } = known
  if (resetsAtMs === undefined || resetsAtMs > nowMs) return
  known.remaining = known.limit
  known.atMs = resetsAtMs
  known.upTo = model.begun
  known.notSent = 0
  known.resetsAtMs = windowMs === undefined || resetsAtMs + windowMs <= nowMs ? undefined : resetsAtMs + windowMs
}

function opening(
  known: Known,
  { begun, inFlight, lastStartMs }: Model,
  { nowMs, waiting, instances }: { nowMs: number; waiting: number; instances: number },
): number {
  const { kind, limit, resetsAtMs, refillPerMs, upTo, notSent, took } = known
  const remaining = refilled(known, nowMs)
  if (remaining === undefined) return nowMs
  const perCall = kind === 'requests' ? 1 : took.calls > 0 ? Math.max(0, took.amount / took.calls) : 0
  const needed = Math.min(kind === 'requests' ? 1 : perCall * MARGIN, limit ?? Infinity)
  const left = (remaining - perCall * (begun - upTo - notSent)) / instances
  if (left < needed || left <= 0) {
    if (refillPerMs > 0) return nowMs + ((needed || 1) - left) / (refillPerMs / instances)
    return resetsAtMs ?? (inFlight > 0 ? Infinity : nowMs)
  }
  if (refillPerMs > 0 || resetsAtMs === undefined || perCall === 0) return nowMs
  const calls = Math.floor(left / perCall)
  const gapMs = (resetsAtMs - lastStartMs) / (calls + 1)
  if (calls < waiting) return lastStartMs + gapMs
  const isNearTheEnd = left <= (limit ?? 0) * NEAR_THE_END && calls < waiting + inFlight
  return isNearTheEnd ? lastStartMs + Math.min(gapMs, LONGEST_GAP_MS) : nowMs
}
