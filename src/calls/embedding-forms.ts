import { objectOf } from '../base/json.ts'
import type { EmbeddingForm, EmbeddingPurpose, EmbeddingsOffer } from '../providers/offer.ts'

/** One text's numbers. */
export type Vector = readonly number[]

/** One request's texts, and what is asked about their vectors. */
export interface EmbeddingQuestion {
  readonly model: string
  readonly texts: readonly string[]
  readonly purpose: EmbeddingPurpose
  readonly dimensions?: number | undefined
}

interface Form {
  /** `own` are the parameters in the provider's own names. */
  readonly body: (question: EmbeddingQuestion, own: Readonly<Record<string, unknown>>) => object
  /** What should be one vector for each text, in their order. */
  readonly vectors: (answer: Readonly<Record<string, unknown>>) => unknown
}

// Written here and not by the AI SDK's packages, which take vectors in the order they came in (OpenAI's dialect numbers them),
// choose another address for a single text (Gemini), and refuse answers without a count that were paid for (Cohere).
const FORMS: Readonly<Record<EmbeddingForm, Form>> = {
  openai: {
    body: ({ model, texts }, own) => ({ model, input: texts, ...own }),
    vectors: ({ data }) => inOrder(data),
  },
  cohere: {
    body: ({ model, texts }, own) => ({ model, texts, embedding_types: ['float'], ...own }),
    vectors: ({ embeddings }) => objectOf(embeddings)?.['float'],
  },
  gemini: {
    body: ({ model, texts }, own) => {
      const name = `models/${model.replace(/^models\//, '')}`
      return { requests: texts.map((text) => ({ model: name, content: { parts: [{ text }] }, ...own })) }
    },
    vectors: ({ embeddings }) => each(embeddings, 'values'),
  },
  ollama: {
    body: ({ model, texts }, own) => ({ model, input: texts, ...own }),
    vectors: ({ embeddings }) => embeddings,
  },
  'bedrock-titan': {
    body: ({ texts }, own) => ({ inputText: texts[0], ...own }),
    vectors: ({ embedding }) => [embedding],
  },
  'bedrock-cohere': {
    body: ({ texts }, own) => ({ texts, embedding_types: ['float'], ...own }),
    vectors: ({ embeddings }) => objectOf(embeddings)?.['float'] ?? embeddings, // bare from models of version 3
  },
  'bedrock-nova': {
    body: ({ texts }, own) => ({
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: { ...own, text: { truncationMode: 'NONE', value: texts[0] } },
    }),
    vectors: ({ embeddings }) => each(embeddings, 'embedding'),
  },
  'vertex-predict': {
    body: ({ texts }, { outputDimensionality, ...own }) => ({
      instances: texts.map((content) => ({ content, ...own })),
      parameters: { autoTruncate: false, ...(outputDimensionality === undefined ? {} : { outputDimensionality }) },
    }),
    vectors: ({ predictions }) => each(each(predictions, 'embeddings'), 'values'),
  },
}

/** The body of a request, in the words of its provider. */
export function embeddingBody({ form, dimensions, purpose, parameters }: EmbeddingsOffer, question: EmbeddingQuestion): string {
  const own = {
    ...parameters,
    ...(purpose ? { [purpose.parameter]: purpose[question.purpose] } : {}),
    ...(dimensions !== undefined && question.dimensions !== undefined ? { [dimensions]: question.dimensions } : {}),
  }
  return JSON.stringify(FORMS[form].body(question, own))
}

/**
 * The vectors of an answer, in the order of their texts, all of one length.
 * @throws Error for what is no such answer: the caller calls it malformed.
 */
export function readVectors({ form }: Pick<EmbeddingsOffer, 'form'>, answer: unknown, { count, dimensions }: VectorsAsked): Vector[] {
  const vectors = FORMS[form].vectors(objectOf(answer) ?? {})
  if (!Array.isArray(vectors) || vectors.length !== count) throw new Error('not one vector for each text')
  const length = dimensions ?? (Array.isArray(vectors[0]) ? vectors[0].length : 0)
  if (length === 0 || !vectors.every((vector) => isVector(vector, length))) throw new Error(`not vectors of ${length} numbers each`)
  return vectors as Vector[]
}

export interface VectorsAsked {
  readonly count: number
  /** How long each has to be; undefined: as long as the first one. */
  readonly dimensions: number | undefined
}

const isVector = (vector: unknown, length: number): boolean =>
  Array.isArray(vector) && vector.length === length && vector.every((number) => typeof number === 'number' && Number.isFinite(number))

/** OpenAI numbers its vectors: their order is what the numbers say. */
function inOrder(data: unknown): unknown {
  if (!Array.isArray(data)) return undefined
  const ordered: unknown[] = data.map(() => undefined)
  for (const [at, entry] of data.map(objectOf).entries()) {
    const index = entry?.['index'] ?? at
    if (typeof index !== 'number' || !(index in ordered) || ordered[index] !== undefined) return undefined
    ordered[index] = entry?.['embedding']
  }
  return ordered
}

const each = (list: unknown, field: string): unknown => (Array.isArray(list) ? list.map((one) => objectOf(one)?.[field]) : undefined)
