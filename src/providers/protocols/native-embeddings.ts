import { objectOf, textOf } from '../../base/json.ts'
import { addUsage, type Usage, type UsageUnit } from '../../base/usage.ts'
import type { Protocol } from '../wire-protocol.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { cohereChat } from './cohere.ts'
import { type CountReader, usageOf } from './counts.ts'
import { embeddingUsage } from './embedding-usage.ts'
import { gemini } from './gemini.ts'
import { millisecondsOf, ollamaChat } from './ollama.ts'

// Embeddings of providers whose interface is their own. Errors are those of their chat.

type Block = Readonly<Record<string, unknown>>

/** Cohere's embed v2: `billed_units` are what is charged. The answer does not name its model. @see https://docs.cohere.com/reference/embed */
export const cohereEmbeddings: Protocol = {
  ...cohereChat,
  id: 'cohere-embeddings',
  usage: embeddingUsage((answer) => ({
    block: objectOf(answer['meta']),
    providerRequestId: textOf(answer['id']),
    counts: (meta, reader) => {
      const billed = objectOf(meta['billed_units'])
      const images = reader.read(billed, 'images')
      const text = images === undefined ? reader.required(billed, 'input_tokens') : reader.read(billed, 'input_tokens')
      return usageOf({ input_tokens: text, image_input_tokens: reader.read(billed, 'image_tokens'), images })
    },
  })),
}

/**
 * Gemini's batchEmbedContents. `usageMetadata` is documented and missing in answers of 2026 that were recorded: such a call's
 * tokens are unknown.
 * @see https://ai.google.dev/api/embeddings#EmbeddingUsageMetadata
 */
export const geminiEmbeddings: Protocol = {
  ...gemini,
  id: 'gemini-embeddings',
  usage: embeddingUsage((answer) => ({
    block: objectOf(answer['usageMetadata']),
    servedModel: textOf(answer['modelVersion']),
    counts: (block, reader) => {
      const prompt = reader.required(block, 'promptTokenCount')
      const details = byModality(block['promptTokenDetails'] ?? block['promptTokensDetails'], reader)
      const { image_input_tokens: image = 0, audio_input_tokens: audio = 0 } = details
      const text = prompt - image - audio
      reader.check(text >= 0, () => `the details of ${prompt} promptTokenCount exceed them by ${-text}`)
      return { ...details, input_tokens: text }
    },
  })),
}

const UNIT_OF_MODALITY: Readonly<Record<string, UsageUnit>> = { IMAGE: 'image_input_tokens', AUDIO: 'audio_input_tokens' }

/** What is not text, as far as it has a unit. */
function byModality(details: unknown, reader: CountReader): Usage {
  const all = Array.isArray(details) ? details.map(objectOf) : []
  return addUsage(
    ...all.map((detail) => {
      const modality = textOf(detail?.['modality']) ?? ''
      const count = reader.read(detail, 'tokenCount')
      const unit = UNIT_OF_MODALITY[modality]
      reader.check(unit !== undefined || !count || modality === 'TEXT', () => `${count} tokens of ${modality} have no unit here`)
      return unit ? usageOf({ [unit]: count }) : {}
    }),
  )
}

/** Ollama's embed. @see https://docs.ollama.com/api/embed */
export const ollamaEmbeddings: Protocol = {
  ...ollamaChat,
  id: 'ollama-embeddings',
  usage: embeddingUsage((answer) => ({
    block: usageOfOllama(answer),
    servedModel: textOf(answer['model']),
    tookMs: millisecondsOf(answer['total_duration']),
    counts: (block, reader) => ({ input_tokens: reader.required(block, 'prompt_eval_count') }),
  })),
}

function usageOfOllama(answer: Block): Block | undefined {
  const said = Object.entries(answer).filter(([field]) => /^(?:prompt_eval_count|.*_duration)$/.test(field))
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

const INPUT_TOKENS_HEADER = 'x-amzn-bedrock-input-token-count'

/**
 * Bedrock's InvokeModel with a model of embeddings. Titan counts in its answer, Nova in some; the others' count is in a
 * header, as Bedrock adds it.
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
 */
export const bedrockEmbeddings: Protocol = {
  ...bedrockConverse,
  id: 'bedrock-embeddings',
  usage: embeddingUsage((answer, headers) => ({
    block: blockOfBedrock(answer, headers[INPUT_TOKENS_HEADER]),
    providerRequestId: headers['x-amzn-requestid'],
    counts: (block, reader) => {
      const field = Object.keys(block)[0]!
      return { input_tokens: reader.required(block, field) }
    },
  })),
}

function blockOfBedrock(answer: Block, header: string | undefined): Block | undefined {
  for (const field of ['inputTextTokenCount', 'inputTokenCount']) if (typeof answer[field] === 'number') return { [field]: answer[field] }
  return header !== undefined && /^\d{1,9}$/.test(header) ? { [INPUT_TOKENS_HEADER]: Number(header) } : undefined
}

/**
 * Vertex AI's predict with a model of embeddings. Each vector has its text's tokens; older models (text-embedding-...) are
 * charged by characters instead, which the answer counts once for all.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
export const vertexEmbeddingsBy = (unit: 'input_tokens' | 'characters'): Protocol => ({
  ...gemini,
  id: 'vertex-embeddings',
  usage: embeddingUsage((answer) => ({
    block: unit === 'characters' ? objectOf(answer['metadata']) : tokensOfVertex(answer['predictions']),
    counts: (block, reader) =>
      usageOf({ [unit]: reader.required(block, unit === 'characters' ? 'billableCharacterCount' : 'token_count') }),
  })),
})

/** The sum of the texts' tokens; undefined where one has none. */
function tokensOfVertex(predictions: unknown): Block | undefined {
  if (!Array.isArray(predictions) || predictions.length === 0) return undefined
  const counts = predictions.map((one) => objectOf(objectOf(objectOf(one)?.['embeddings'])?.['statistics'])?.['token_count'])
  if (!counts.every((count) => typeof count === 'number')) return undefined
  return { token_count: counts.reduce((sum, count) => sum + count, 0) }
}
