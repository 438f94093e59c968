import { describe, expect, it } from 'vitest'
import { embeddingsOfferOf, pathOf } from '../providers/asked.ts'
import { findProvider } from '../providers/registry.ts'
import { embeddingBody, type EmbeddingQuestion, readVectors } from './embedding-forms.ts'

const TEXTS = ['a lamp', 'a chair']
const VECTORS = [
  [0.1, 0.2],
  [0.3, 0.4],
]

const ask = (provider: string, model: string, question: Partial<EmbeddingQuestion> = {}): { path: string; body: unknown } => {
  const offer = embeddingsOfferOf(findProvider(provider), model)
  const body = embeddingBody(offer, { model, texts: TEXTS, purpose: 'document', ...question })
  return { path: pathOf(offer, model), body: JSON.parse(body) as unknown }
}
const read = (provider: string, model: string, answer: unknown, asked: { count?: number; dimensions?: number } = {}): unknown =>
  readVectors(embeddingsOfferOf(findProvider(provider), model), answer, { count: 2, dimensions: undefined, ...asked })

describe('what is sent', () => {
  it.each<[string, string, Partial<EmbeddingQuestion>, string, object]>([
    ['openai', 'text-embedding-3-small', {}, '/embeddings', { model: 'text-embedding-3-small', input: TEXTS }],
    [
      'openai',
      'text-embedding-3-small',
      { dimensions: 256 },
      '/embeddings',
      { model: 'text-embedding-3-small', input: TEXTS, dimensions: 256 },
    ],
    ['mistral', 'codestral-embed', { dimensions: 256 }, '/embeddings', { model: 'codestral-embed', input: TEXTS, output_dimension: 256 }],
    [
      'nvidia',
      'nvidia/nv-embed-v1',
      { purpose: 'query' },
      '/embeddings',
      { model: 'nvidia/nv-embed-v1', input: TEXTS, input_type: 'query', truncate: 'NONE' },
    ],
    [
      'nvidia',
      'nvidia/nv-embed-v1',
      {},
      '/embeddings',
      { model: 'nvidia/nv-embed-v1', input: TEXTS, input_type: 'passage', truncate: 'NONE' },
    ],
    [
      'voyage',
      'voyage-4',
      { purpose: 'query', dimensions: 512 },
      '/embeddings',
      { model: 'voyage-4', input: TEXTS, input_type: 'query', output_dimension: 512, truncation: false },
    ],
    [
      'jina',
      'jina-embeddings-v5-text-small',
      { dimensions: 512 },
      '/embeddings',
      { model: 'jina-embeddings-v5-text-small', input: TEXTS, task: 'retrieval.passage', dimensions: 512, truncate: false },
    ],
    ['jina', 'jina-embeddings-v2-base-de', {}, '/embeddings', { model: 'jina-embeddings-v2-base-de', input: TEXTS, truncate: false }],
    [
      'cohere',
      'embed-v4.0',
      { purpose: 'query', dimensions: 512 },
      '/v2/embed',
      {
        model: 'embed-v4.0',
        texts: TEXTS,
        embedding_types: ['float'],
        input_type: 'search_query',
        output_dimension: 512,
        truncate: 'NONE',
      },
    ],
    [
      'gemini',
      'models/gemini-embedding-001',
      { dimensions: 768 },
      '/models/gemini-embedding-001:batchEmbedContents',
      {
        requests: TEXTS.map((text) => ({
          model: 'models/gemini-embedding-001',
          content: { parts: [{ text }] },
          taskType: 'RETRIEVAL_DOCUMENT',
          outputDimensionality: 768,
        })),
      },
    ],
    [
      'vertex',
      'gemini-embedding-001',
      { texts: ['a lamp'], dimensions: 768 },
      '/publishers/google/models/gemini-embedding-001:predict',
      {
        instances: [{ content: 'a lamp', task_type: 'RETRIEVAL_DOCUMENT' }],
        parameters: { autoTruncate: false, outputDimensionality: 768 },
      },
    ],
    ['ollama', 'nomic-embed-text', {}, '/api/embed', { model: 'nomic-embed-text', input: TEXTS, truncate: false }],
    [
      'bedrock',
      'amazon.titan-embed-text-v2:0',
      { texts: ['a lamp'], dimensions: 256 },
      '/model/amazon.titan-embed-text-v2%3A0/invoke',
      { inputText: 'a lamp', dimensions: 256 },
    ],
    [
      'bedrock',
      'cohere.embed-multilingual-v3',
      {},
      '/model/cohere.embed-multilingual-v3/invoke',
      { texts: TEXTS, embedding_types: ['float'], input_type: 'search_document', truncate: 'NONE' },
    ],
    [
      'bedrock',
      'amazon.nova-2-multimodal-embeddings-v1:0',
      { texts: ['a lamp'], purpose: 'query', dimensions: 256 },
      '/model/amazon.nova-2-multimodal-embeddings-v1%3A0/invoke',
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: {
          embeddingPurpose: 'TEXT_RETRIEVAL',
          embeddingDimension: 256,
          text: { truncationMode: 'NONE', value: 'a lamp' },
        },
      },
    ],
  ])('%s: %s %j', (provider, model, question, path, body) => {
    expect(ask(provider, model, question)).toEqual({ path, body })
  })
})

describe('what is read', () => {
  const [first, second] = VECTORS as [number[], number[]]
  it.each<[string, string, unknown]>([
    ['openai', 'm', { data: VECTORS.map((embedding, index) => ({ embedding, index })) }],
    [
      'a server that numbers its vectors and sends them as they come: openai',
      'm',
      {
        data: [
          { embedding: second, index: 1 },
          { embedding: first, index: 0 },
        ],
      },
    ],
    ['a server that does not number them: vllm', 'm', { data: VECTORS.map((embedding) => ({ embedding })) }],
    ['cohere', 'embed-v4.0', { embeddings: { float: VECTORS } }],
    ['gemini', 'gemini-embedding-001', { embeddings: VECTORS.map((values) => ({ values })) }],
    ['ollama', 'm', { embeddings: VECTORS }],
    ['vertex', 'text-embedding-005', { predictions: VECTORS.map((values) => ({ embeddings: { values } })) }],
    ['bedrock', 'cohere.embed-english-v3', { embeddings: VECTORS }],
    ['bedrock', 'cohere.embed-v4:0', { embeddings: { float: VECTORS } }],
  ])('%s %s', (title, model, answer) => {
    expect(read(title.split(': ').at(-1)!, model, answer)).toEqual(VECTORS)
  })

  it('models that take one text', () => {
    expect(read('bedrock', 'amazon.titan-embed-text-v2:0', { embedding: first }, { count: 1 })).toEqual([first])
    const nova = { embeddings: [{ embeddingType: 'TEXT', embedding: first }] }
    expect(read('bedrock', 'amazon.nova-2-multimodal-embeddings-v1:0', nova, { count: 1 })).toEqual([first])
  })

  it.each<[string, unknown, { count?: number; dimensions?: number }?]>([
    ['a vector is missing', { data: [{ embedding: first, index: 0 }] }],
    [
      'one came twice',
      {
        data: [
          { embedding: first, index: 0 },
          { embedding: second, index: 0 },
        ],
      },
    ],
    [
      'one is of another text',
      {
        data: [
          { embedding: first, index: 0 },
          { embedding: second, index: 2 },
        ],
      },
    ],
    [
      'one is shorter',
      {
        data: [
          { embedding: first, index: 0 },
          { embedding: [0.1], index: 1 },
        ],
      },
    ],
    [
      'one holds no number',
      {
        data: [
          { embedding: first, index: 0 },
          { embedding: [0.1, null], index: 1 },
        ],
      },
    ],
    [
      'they are empty',
      {
        data: [
          { embedding: [], index: 0 },
          { embedding: [], index: 1 },
        ],
      },
    ],
    [
      'they are encoded',
      {
        data: [
          { embedding: 'AAAA', index: 0 },
          { embedding: 'AAAA', index: 1 },
        ],
      },
    ],
    ['they are not as long as was asked', { data: VECTORS.map((embedding, index) => ({ embedding, index })) }, { dimensions: 3 }],
    ['there is no list', { data: 'none' }],
    ['it is no object', 'text'],
  ])('%s: refused', (_, answer, asked) => {
    expect(() => read('openai', 'm', answer, asked)).toThrow(/^not /)
  })
})
