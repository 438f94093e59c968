import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { AppError } from '../../../base/errors.ts'
import type { Ability } from '../../../contract/behaviour.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { type Bench, IGNORED, type Verdict, verdictOf, WORKS } from './bench.ts'
import { type Body, LIMIT_NAMES, type LimitName, type Manner, speaksOpenAi, textOf, verdictOn, wasCutShort, waysOf } from './manner.ts'
import { tryEffort, tryLimit, trySampling } from './parameter-steps.ts'
import { boundAnswer, isBound, isToolCall, limitedAnswer, longAnswer, oneWord, picture, type Question, toolCall } from './questions.ts'
import { PICTURE_SHOWS } from './picture.ts'

const CLOSED_WITHIN_MS = 1_000

/** Tries what a model that chats can do, one small call after another. @throws AppError with what ended it before its time. */
export async function probeChat(bench: Bench, offer: ChatOffer): Promise<void> {
  const manner: Manner = { offer }
  const { responseFormat: _, ...withSchema } = offer
  await tryAnswer(bench, manner)
  const streams = await tryStream(bench, manner)
  await tryTools(bench, manner, streams)
  await tryWhole(bench, manner, {
    ability: 'json_schema',
    question: boundAnswer,
    offer: withSchema, // what its provider's data says of schemas is what is to be found out
    judge: (answer) => (isBound(textOf(answer)) ? WORKS : IGNORED),
  })
  await tryWhole(bench, manner, {
    ability: 'vision',
    question: picture,
    judge: (answer) => (PICTURE_SHOWS.test(textOf(answer)) ? WORKS : IGNORED),
  })
  if (speaksOpenAi(offer)) for (const name of LIMIT_NAMES) await tryLimit(bench, manner, name)
  await trySampling(bench, manner)
  if (streams) await tryAbort(bench, manner)
}

/** Nothing else is tried with a model that does not answer at all. A name of the output limit that it refuses may be the reason. */
async function tryAnswer(bench: Bench, manner: Manner): Promise<void> {
  await bench.trying('answer')
  let usual: LimitName = 'max_tokens'
  const noticing = (body: Body): Body => {
    if (body['max_completion_tokens'] !== undefined) usual = 'max_completion_tokens'
    return body
  }
  let asked = await bench.whole(oneWord, waysOf(manner, noticing))
  if (asked.kind === 'failed' && asked.failure.code === 'provider.request_refused' && speaksOpenAi(manner.offer)) {
    const refused = asked
    const other = LIMIT_NAMES.find((name) => name !== usual)!
    const again = await bench.whole(oneWord, waysOf({ ...manner, limitName: other }))
    if (again.kind === 'answered') {
      manner.limitName = other
      asked = again
      await bench.found(usual, verdictOf(refused.failure))
    }
  }
  if (asked.kind !== 'answered') {
    const failure = asked.kind === 'failed' ? asked.failure : undefined
    await bench.found('answer', failure ? verdictOf(failure) : { state: 'unknown' })
    throw new AppError(failure?.code ?? 'call.interrupted', failure?.detail ?? 'The test was cancelled.')
  }
  const hasText = textOf(asked.answer) !== ''
  await bench.found('answer', hasText || wasCutShort(asked.answer) ? WORKS : { state: 'does_not', note: 'malformed' })
  if (speaksOpenAi(manner.offer)) await tryEffort(bench, manner, { thinks: !hasText || (asked.base.usage?.reasoning_tokens ?? 0) > 0 })
}

interface WholeStep {
  readonly ability: Ability
  readonly question: Question
  readonly offer?: ChatOffer
  readonly judge: (answer: LanguageModelV4GenerateResult) => Verdict
}

/** One question, one answer, one verdict; an answer that the output limit ended proves nothing against it. */
async function tryWhole(bench: Bench, manner: Manner, { ability, question, offer, judge }: WholeStep): Promise<void> {
  await bench.trying(ability)
  const asked = await bench.whole(question, { ...waysOf(manner), ...(offer ? { offer } : {}) })
  await bench.found(ability, verdictOn(asked, judge))
}

/** @returns whether streamed answers can be asked for. */
async function tryStream(bench: Bench, manner: Manner): Promise<boolean> {
  await bench.trying('stream')
  const asks = speaksOpenAi(manner.offer)
  if (asks) manner.streamOptions = true
  let heard = await listen(bench, manner, limitedAnswer)
  if (asks && heard.asked.kind === 'failed' && heard.asked.failure.code === 'provider.request_refused') {
    const refused = verdictOf(heard.asked.failure)
    manner.streamOptions = false
    heard = await listen(bench, manner, limitedAnswer)
    await bench.found('stream_options', heard.asked.kind === 'answered' ? refused : { state: 'unknown', note: 'failed' })
  } else if (asks && heard.asked.kind === 'answered') await bench.found('stream_options', WORKS)
  const verdict = streamVerdict(heard)
  await bench.found('stream', verdict)
  if (heard.asked.kind !== 'answered' || heard.parts === 0) return false
  const { usage, usageSource } = heard.asked.base
  const isTold = usage !== undefined && usageSource === 'reported'
  const unasked = asks && !manner.streamOptions ? { note: 'unasked' as const } : {}
  await bench.found('streamed_usage', isTold ? { ...WORKS, ...unasked } : IGNORED)
  return true
}

function streamVerdict({ asked, parts }: Heard): Verdict {
  if (asked.kind === 'failed') {
    // a whole answer where a stream was asked for is none that can be read
    return asked.failure.code === 'provider.answer_malformed' ? IGNORED : verdictOf(asked.failure)
  }
  if (asked.kind === 'cancelled') return { state: 'unknown' }
  if (parts === 0) return IGNORED
  return asked.answer.pieces > 1 ? WORKS : { state: 'does_not', note: 'one_piece' }
}

interface Heard {
  readonly asked: Awaited<ReturnType<Bench['stream']>>
  /** Of text or thinking. */
  readonly parts: number
  readonly calls: readonly { readonly toolName: string; readonly input: string }[]
  readonly cutShort: boolean
}

async function listen(
  bench: Bench,
  manner: Manner,
  question: Question,
  { signal, onSaid = () => undefined }: { signal?: AbortSignal; onSaid?: () => void } = {},
): Promise<Heard> {
  const heard = { parts: 0, calls: [] as { toolName: string; input: string }[], cutShort: false }
  const onPart = (part: LanguageModelV4StreamPart): void => {
    if (part.type === 'text-delta' || part.type === 'reasoning-delta') {
      heard.parts += 1
      onSaid()
    }
    if (part.type === 'tool-call') heard.calls.push(part)
    if (part.type === 'finish') heard.cutShort = part.finishReason.unified === 'length'
  }
  const asking = (body: Body): Body => {
    const { stream_options: _, ...rest } = body
    return manner.streamOptions ? { ...rest, stream_options: { include_usage: true } } : rest
  }
  const asked = await bench.stream(question, { ...waysOf(manner, asking), onPart, ...(signal ? { signal } : {}) })
  return { asked, ...heard }
}

/** Some servers have tools and refuse to be told which to use. */
async function tryTools(bench: Bench, manner: Manner, streams: boolean): Promise<void> {
  await bench.trying('tools')
  const judge = ({ content }: LanguageModelV4GenerateResult): Verdict => {
    const calls = content.filter((part) => part.type === 'tool-call')
    if (calls.length === 0) return IGNORED
    return calls.some(isToolCall) ? WORKS : { state: 'does_not', note: 'malformed' }
  }
  let question = toolCall
  let verdict = verdictOn(await bench.whole(question, waysOf(manner)), judge)
  if (verdict.note === 'refused') {
    const { toolChoice: _, ...options } = toolCall.options
    question = { ...toolCall, options }
    const unforced = verdictOn(await bench.whole(question, waysOf(manner)), judge)
    if (unforced.state === 'works') verdict = { ...unforced, note: 'unforced', ...(verdict.said ? { said: verdict.said } : {}) }
  }
  await bench.found('tools', verdict)
  if (verdict.state !== 'works' || !streams) return
  await bench.trying('streamed_tools')
  await bench.found('streamed_tools', streamedToolsVerdict(await listen(bench, manner, question)))
}

function streamedToolsVerdict({ asked, calls, cutShort }: Heard): Verdict {
  if (asked.kind === 'failed') return verdictOf(asked.failure)
  if (calls.some(isToolCall)) return WORKS
  if (cutShort) return { state: 'unknown', note: 'cut_short' }
  return calls.length === 0 ? IGNORED : { state: 'does_not', note: 'malformed' }
}

/** Leaves an answer at its first words. */
async function tryAbort(bench: Bench, manner: Manner): Promise<void> {
  await bench.trying('abort')
  const leave = new AbortController()
  let leftAtMs = 0
  const onSaid = (): void => {
    if (leftAtMs > 0) return
    leftAtMs = bench.nowMs()
    leave.abort()
  }
  const { asked } = await listen(bench, manner, longAnswer, { signal: leave.signal, onSaid })
  const endedAt = asked.kind === 'cancelled' ? asked.made?.base.endedAt : undefined
  const tookMs = (endedAt?.getTime() ?? bench.nowMs()) - leftAtMs
  await bench.found('abort', abortVerdict(asked, tookMs))
}

function abortVerdict(asked: Heard['asked'], tookMs: number): Verdict {
  if (asked.kind === 'failed') return verdictOf(asked.failure)
  if (asked.kind === 'answered') return { state: 'unknown', note: 'over_before' }
  if (tookMs > CLOSED_WITHIN_MS) return { state: 'does_not' }
  const { usage, usageSource } = asked.made?.base ?? {}
  return usage && usageSource === 'reported' ? WORKS : { ...WORKS, note: 'no_usage' }
}
