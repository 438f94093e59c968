import { objectOf, textOf } from '../../base/json.ts'
import type { ErrorAnswer, Protocol, ProviderFailure } from '../wire-protocol.ts'
import { classify, type ErrorRule, failureWith } from './classify.ts'
import { openAiChatUsage, type OpenAiUsageRules } from './openai-chat-usage.ts'
import { saidByOpenAiChat } from './said.ts'

const OPENAI_USAGE: OpenAiUsageRules = {
  reasoning: 'inside',
  audioInput: 'inside',
  cachedTokens: [['prompt_tokens_details', 'cached_tokens']],
}

/**
 * OpenAI chat completions; a provider's data names where its usage block departs from OpenAI's, and `rules` where its errors
 * say something else than their words or status do elsewhere.
 */
export function openAiChatWith(departures: Partial<OpenAiUsageRules>, rules: readonly ErrorRule[] = []): Protocol {
  return {
    id: 'openai-chat',
    usage: openAiChatUsage({ ...OPENAI_USAGE, ...departures }),
    said: saidByOpenAiChat,
    classifyError: (answer) => classify(answer, rules),
    classifyBodyError: (answer) => classifyBodyError(answer, rules),
  }
}

export const openAiChat: Protocol = openAiChatWith({})

/** OpenRouter and others answer 200 and say the error inside: at the top, or in a choice. */
function classifyBodyError(answer: ErrorAnswer, rules: readonly ErrorRule[]): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  if (!body) return undefined
  if (body['error'] !== undefined && body['error'] !== null) return classifyInside(answer, body, rules)
  const choices = Array.isArray(body['choices']) ? body['choices'].map(objectOf) : []
  for (const choice of choices) {
    const finish = textOf(choice?.['finish_reason'])
    const said = objectOf(choice?.['message'])
    const message = textOf(said?.['refusal']) ?? ''
    if (choice && (finish === 'error' || objectOf(choice['error']))) return classifyInside(answer, choice, rules)
    // A model asked for JSON says no in a field of its own, and finishes with "stop".
    if (finish === 'content_filter' || (message !== '' && !said?.['content']))
      return failureWith(answer, 'provider.content_refused', { message, status: answer.status })
  }
  return undefined
}

/** By the status that the error says it would have been; an error that says none is the provider's own. */
function classifyInside(answer: ErrorAnswer, holder: Readonly<Record<string, unknown>>, rules: readonly ErrorRule[]): ProviderFailure {
  const code = Number(objectOf(holder['error'])?.['code'])
  const status = Number.isInteger(code) && code >= 400 && code <= 599 ? code : 500
  return classify({ ...answer, status, body: { error: holder['error'] } }, rules)
}
