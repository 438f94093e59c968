import { objectOf } from '../../base/json.ts'
import type { Protocol } from '../wire-protocol.ts'
import { classify, type ErrorRule } from './classify.ts'
import { usageOf } from './counts.ts'
import { embeddingUsage, namesIn } from './embedding-usage.ts'

const RULES: readonly ErrorRule[] = [
  // "Model nonexistent is not supported. Supported models are [...]"
  ({ status, message }) => (status === 400 && /^model .{1,200} is not supported/i.test(message) ? 'provider.model_missing' : undefined),
  ({ status }) => (status === 404 ? 'provider.model_missing' : undefined), // another path than Voyage's: no request of it will do
]

/**
 * Voyage's embeddings. `total_tokens` is all that is charged for texts; where pictures are embedded it holds their tokens
 * too, and `text_tokens` says how many are not theirs.
 * @see https://docs.voyageai.com/reference/embeddings-api, https://docs.voyageai.com/docs/error-codes
 */
export const voyageEmbeddings: Protocol = {
  id: 'voyage-embeddings',
  usage: embeddingUsage((answer) => ({
    ...namesIn(answer),
    block: objectOf(answer['usage']),
    counts: (block, reader) => {
      const total = reader.required(block, 'total_tokens')
      const text = reader.read(block, 'text_tokens') ?? total
      const films = reader.read(block, 'video_pixels')
      reader.check(text <= total, () => `text_tokens is ${text}, more than the ${total} of total_tokens`)
      reader.check(!films, () => `${films} video_pixels have no unit here`)
      return usageOf({ input_tokens: text, image_input_tokens: text === total ? undefined : total - text })
    },
  })),
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError: () => undefined,
}
