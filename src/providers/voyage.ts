import { voyageEmbeddings } from './protocols/voyage.ts'
import { bearer, type Provider } from './provider.ts'

/** Voyage AI: embeddings alone. @see https://docs.voyageai.com/reference/embeddings-api, read 2026-11-20 */
export const voyage: Provider = {
  id: 'voyage',
  name: 'Voyage AI',
  baseUrl: 'https://api.voyageai.com/v1',
  pages: {
    keys: 'https://dashboard.voyageai.com/organization/api-keys',
    usage: 'https://dashboard.voyageai.com/organization/usage',
    limits: 'https://docs.voyageai.com/docs/rate-limits',
    prices: 'https://docs.voyageai.com/docs/pricing',
    docs: 'https://docs.voyageai.com/reference/embeddings-api',
  },
  keyHint: 'pa-…',
  keyHeader: bearer,
  key: 'required',
  // there is no list and no account to ask for: a request for embeddings of nothing, which is refused and costs nothing
  checkKey: { method: 'POST', path: '/embeddings', read: () => 'elsewhere', proves: 'refusal' },
  embeddings: {
    protocol: voyageEmbeddings,
    path: '/embeddings',
    form: 'openai',
    textsAtMost: 1_000,
    tokensAtMost: 120_000, // the smallest bound of a model: voyage-4-lite takes a million, voyage-4 320,000
    dimensions: 'output_dimension',
    purpose: { parameter: 'input_type', query: 'query', document: 'document' },
    parameters: { truncation: false },
  },
  checkedOn: '2026-11-20',
  notes: [
    'The first 200 million tokens of most models cost nothing; the price book counts from the first one.',
    'A text that is too long for the model is refused, not cut.',
    'Its reranking is not supported.',
  ],
  triedAgainst: 'recorded answers',
}
