import { isObject, objectOf } from '../../../base/json.ts'
import type { AttemptFetch } from '../../../calls/chat-model.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import type { Block } from './read.ts'
import type { ParameterReport } from './report.ts'

/** Anthropic's least. */
const SMALLEST_BUDGET = 1_024

/** Of a limit that has to hold both: what is left for the answer itself. */
const ANSWER_SHARE = 5

/**
 * A fetch that holds what is sent to the caller's own output limit. The packages for Claude set thinking on top of the
 * limit, and one model of Amazon's takes none while it reasons; but the limit is what was reserved, and what the caller
 * agreed to pay. `parameter` is the caller's name for how much is reasoned.
 */
export function withinOutputLimit(
  fetch: AttemptFetch,
  { sdk, limit, report, parameter }: { sdk: ChatOffer['sdk']; limit: number | undefined; report: ParameterReport; parameter: string },
): AttemptFetch {
  if (limit === undefined || (sdk !== 'anthropic' && sdk !== 'amazon-bedrock')) return fetch
  return (url, init) => {
    if (typeof init?.body !== 'string') return fetch(url, init)
    const body: unknown = JSON.parse(init.body)
    const held = isObject(body) ? (sdk === 'anthropic' ? holdClaude(body, limit) : holdConverse(body, limit)) : undefined
    if (!held) return fetch(url, init)
    if (held === 'unlimited') {
      report.refused(parameter, 'this model takes no output limit while it reasons as much as that.')
      report.requireHonoured()
    }
    if (held !== 'unlimited' && held.note !== undefined) report.mapped(parameter, held.note)
    return fetch(url, { ...init, body: JSON.stringify(held === 'unlimited' ? body : held.body) })
  }
}

interface Held {
  readonly body: Block
  readonly note: string | undefined
}

function holdClaude(body: Block, limit: number): Held | undefined {
  if (typeof body['max_tokens'] !== 'number' || body['max_tokens'] <= limit) return undefined
  const { thinking, note } = holdThinking(body['thinking'], limit)
  const { thinking: _, ...rest } = body
  return { body: { ...rest, max_tokens: limit, ...(thinking === undefined ? {} : { thinking }) }, note }
}

function holdConverse(body: Block, limit: number): Held | 'unlimited' | undefined {
  const inference = objectOf(body['inferenceConfig']) ?? {}
  if (typeof inference['maxTokens'] !== 'number') return 'unlimited'
  if (inference['maxTokens'] <= limit) return undefined
  const { thinking: before, ...fields } = objectOf(body['additionalModelRequestFields']) ?? {}
  const { thinking, note } = holdThinking(before, limit)
  return {
    body: {
      ...body,
      inferenceConfig: { ...inference, maxTokens: limit },
      additionalModelRequestFields: { ...fields, ...(thinking === undefined ? {} : { thinking }) },
    },
    note,
  }
}

/** A budget that leaves room for an answer; no thinking at all where the limit is too small for the least of it. */
function holdThinking(value: unknown, limit: number): { readonly thinking?: unknown; readonly note: string | undefined } {
  const budget = objectOf(value)?.['budget_tokens']
  if (typeof budget !== 'number') return { thinking: value, note: undefined }
  const most = limit - Math.ceil(limit / ANSWER_SHARE)
  if (most < SMALLEST_BUDGET) return { note: 'not at all: the output limit is too small for it' }
  return {
    thinking: { type: 'enabled', budget_tokens: Math.min(budget, most) },
    note: `${Math.min(budget, most)} tokens of the output limit`,
  }
}
