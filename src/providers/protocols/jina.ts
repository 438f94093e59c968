import { objectOf } from '../../base/json.ts'
import type { Protocol } from '../wire-protocol.ts'
import { classify, type ErrorRule } from './classify.ts'
import { usageOf } from './counts.ts'
import { embeddingUsage, namesIn } from './embedding-usage.ts'

/** Jina names its errors; some of them mean something else than their status does elsewhere. @see https://api.jina.ai/openapi.json */
const RULES: readonly ErrorRule[] = [
  ({ code }) => (code === 'authz_insufficient_balance' ? 'provider.no_credit' : undefined), // as 403
  ({ code }) => (code === 'input_model_not_found' ? 'provider.model_missing' : undefined), // as 400
  ({ status }) => (status === 404 ? 'provider.model_missing' : undefined), // another path than Jina's: no request of it will do
]

/**
 * Jina's embeddings. `prompt_tokens` are those of texts, beside them pictures and sounds have counts of their own; together
 * they make `total_tokens`.
 * @see https://api.jina.ai/openapi.json (EmbeddingUsage)
 */
export const jinaEmbeddings: Protocol = {
  id: 'jina-embeddings',
  usage: embeddingUsage((answer) => ({
    ...namesIn(answer),
    block: objectOf(answer['usage']),
    counts: (block, reader) => {
      const total = reader.required(block, 'total_tokens')
      const [image, audio, video] = ['image_tokens', 'audio_tokens', 'video_tokens'].map((field) => reader.read(block, field))
      const beside = (image ?? 0) + (audio ?? 0) + (video ?? 0)
      const text = reader.read(block, 'prompt_tokens') ?? total - beside
      reader.check(text + beside === total, () => `total_tokens is ${total}, its parts sum to ${text + beside}`)
      reader.check(!video, () => `${video} video_tokens have no unit here`)
      return usageOf({ input_tokens: text, image_input_tokens: image, audio_input_tokens: audio })
    },
  })),
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError: () => undefined,
}
