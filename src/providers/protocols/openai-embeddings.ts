import { objectOf } from '../../base/json.ts'
import type { MeteredUsage, Protocol, UsageReader } from '../wire-protocol.ts'
import { doubtOfNothing, wholeAnswers } from './embedding-usage.ts'
import { openAiChatWith } from './openai-chat.ts'
import type { OpenAiUsageRules } from './openai-chat-usage.ts'

/**
 * Usage of OpenAI's embeddings: the block of chat without a completion, which some servers write as 0 and others leave out.
 * `prompt_tokens` must make `total_tokens`.
 * @see https://platform.openai.com/docs/api-reference/embeddings/create
 */
function withoutCompletion(chat: UsageReader): UsageReader['whole'] {
  return (body) => {
    const answer = objectOf(body) ?? {}
    const block = objectOf(answer['usage'])
    if (!block) return chat.whole(answer)
    const metered: MeteredUsage = { ...chat.whole({ ...answer, usage: { completion_tokens: 0, ...block } }), raw: block }
    if (!metered.usage) return metered
    const { output_tokens: output, ...usage } = metered.usage
    const doubt = doubtOfNothing(usage)
    if (doubt !== undefined) return { ...metered, usage: undefined, doubt }
    return { ...metered, usage: output ? metered.usage : usage }
  }
}

/** OpenAI's embeddings; a provider's data names where its usage block departs from OpenAI's. */
export function openAiEmbeddingsWith(departures: Partial<OpenAiUsageRules>): Protocol {
  const chat = openAiChatWith(departures)
  return { ...chat, id: 'openai-embeddings', usage: wholeAnswers(withoutCompletion(chat.usage)) }
}

/** What most servers of embeddings speak; errors are said as in chat. */
export const openAiEmbeddings: Protocol = openAiEmbeddingsWith({})
