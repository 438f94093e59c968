import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { AppError } from '../../../base/errors.ts'
import type { CallPlan, CallRequest } from '../../../calls/call.ts'
import { type AskedOnce, askOnce, type CallWrites } from '../../../calls/once.ts'
import type { CallServices } from '../../../calls/services.ts'
import { type OpenChat, type StreamedChat, streamChat, wholeChat } from '../../../calls/stream-chat.ts'
import type { Ability, AbilityState, FindingNote } from '../../../contract/behaviour.ts'
import { readRateLimits } from '../../../providers/rate-limits.ts'
import type { ProviderFailure } from '../../../providers/wire-protocol.ts'
import type { Question } from './questions.ts'

/** What was found about an ability. `said`: the provider's own words, scrubbed. */
export interface Verdict {
  readonly state: AbilityState
  readonly note?: FindingNote
  readonly said?: string
}

export const WORKS: Verdict = { state: 'works' }
export const IGNORED: Verdict = { state: 'does_not', note: 'ignored' }

/** A call of a probe that was answered or failed; whatever ends the probe as a whole is thrown. */
export type Asked<Answer> = Extract<AskedOnce<Answer>, { kind: 'answered' | 'failed' | 'cancelled' }>

type Adapt = NonNullable<OpenChat['adapt']>

export interface Ways {
  readonly adapt?: Adapt | undefined
  readonly offer?: OpenChat['offer']
}

/** What a probe asks with, and where it tells what it found. Every call has its ledger entry, and is on the card with its cost. */
export interface Bench {
  /** Throws what ends the probe: it was cancelled, its cap is reached, the key or the connection refuses every call. */
  once<Answer>(plan: (request: CallRequest, at: Date) => CallPlan<Answer>): Promise<Asked<Answer>>
  whole(question: Question, ways?: Ways): Promise<Asked<LanguageModelV4GenerateResult>>
  /** `signal` cuts this call off alone. */
  stream(
    question: Question,
    ways: Ways & { readonly onPart: (part: LanguageModelV4StreamPart) => void; readonly signal?: AbortSignal },
  ): Promise<Asked<StreamedChat>>
  /** Says what is tried now. */
  trying(ability: Ability): Promise<void>
  found(ability: Ability, verdict: Verdict): Promise<void>
  /** Of all answers so far, and whether they tell of limits. */
  limits(): { readonly headers: Readonly<Record<string, string>>; readonly told: boolean }
  readonly nowMs: () => number
}

export interface BenchOptions {
  readonly services: CallServices
  readonly request: CallRequest
  /** Committed with each call's entry. */
  readonly writes: CallWrites
  /** Throws when someone cancelled the probe. */
  readonly checkOpen: () => Promise<void>
  readonly trying: Bench['trying']
  readonly found: Bench['found']
}

export function createBench({ services, request, writes, checkOpen, trying, found }: BenchOptions): Bench {
  const { clock } = services
  const headers: Record<string, string> = {}

  const ask = async <Answer>(once: (request: CallRequest) => Promise<AskedOnce<Answer>>, signal?: AbortSignal): Promise<Asked<Answer>> => {
    await checkOpen()
    const asking = signal ? { ...request, signal: AbortSignal.any([request.signal, signal]) } : request
    for (let time = 1; ; time += 1) {
      const asked = await once(asking)
      if (asked.kind === 'refused') throw new AppError(asked.failure.code, asked.failure.detail)
      if (asked.kind === 'no_room') throw new AppError('budget.exceeded', noRoom(asked.refusal))
      const made = asked.kind === 'cancelled' ? asked.made : asked
      Object.assign(headers, limitHeaders(made?.wire.headers ?? {}))
      if (request.signal.aborted) throw new AppError('call.interrupted', 'The test was cancelled.')
      if (asked.kind !== 'failed') return asked
      if (ENDS_ALL.has(asked.failure.code)) throw new AppError(asked.failure.code, asked.failure.detail)
      // A provider that asks for less was waited for by the connection's pace: asked once more, it says nothing of an ability.
      if (!WAITED_FOR.has(asked.failure.code) || time > 1) return asked
    }
  }

  const chatOf = (asking: CallRequest, question: Question, { adapt, offer }: Ways): OpenChat => ({
    ...asking,
    ...question,
    ...(adapt ? { adapt } : {}),
    ...(offer ? { offer } : {}),
  })
  return {
    once: (plan) => ask((asking) => askOnce(services, { request: asking, plan: (at) => plan(asking, at), sent: () => '', writes })),
    whole: (question, ways = {}) => ask((asking) => wholeChat(services, chatOf(asking, question, ways), { writes })),
    stream: (question, { onPart, signal, ...ways }) =>
      ask((asking) => streamChat(services, chatOf(asking, question, ways), { onPart, writes }), signal),
    trying,
    found,
    limits: () => ({ headers, told: readRateLimits(headers, clock.now().getTime()).length > 0 }),
    nowMs: () => clock.now().getTime(),
  }
}

/** Why a call that failed says that something does not work, or that nothing is known of it. */
export function verdictOf({ code, excerpt }: ProviderFailure): Verdict {
  const said = excerpt === undefined ? {} : { said: excerpt }
  if (code === 'provider.answer_malformed') return { state: 'does_not', note: 'malformed' }
  return REFUSES_THIS.has(code) ? { state: 'does_not', note: 'refused', ...said } : { state: 'unknown', note: 'failed', ...said }
}

const noRoom = ({ name }: { readonly name: string | null }): string =>
  name === null
    ? 'What you agreed to pay for this test has no room for another call. Test it again to see the rest.'
    : `The budget "${name}" has no room for another call of this test. Raise it on the Budgets page, then test again.`

const WAITED_FOR: ReadonlySet<string> = new Set(['provider.rate_limited', 'provider.overloaded'])

/** Said of one request; of a model and a permission too, where others were answered before. */
const REFUSES_THIS: ReadonlySet<string> = new Set([
  'provider.request_refused',
  'provider.model_missing',
  'provider.no_permission',
  'provider.content_refused',
])

/** Nothing that is asked over this connection would be answered. */
const ENDS_ALL: ReadonlySet<string> = new Set([
  'provider.bad_key',
  'provider.no_credit',
  'provider.redirected',
  'key.missing',
  'key.unreadable',
  'destination.refused',
  'header.refused',
])

const limitHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /limit|retry-after/.test(name)))
