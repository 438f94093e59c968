import { jinaEmbeddings } from './protocols/jina.ts'
import type { EmbeddingsOffer } from './offer.ts'
import { bearer, type Provider } from './provider.ts'

/** The models of version 2 know neither a task nor dimensions. */
const plain: EmbeddingsOffer = { protocol: jinaEmbeddings, path: '/embeddings', form: 'openai', parameters: { truncate: false } }

/** Jina AI: embeddings alone. @see https://api.jina.ai/openapi.json, read 2026-11-20 */
export const jina: Provider = {
  id: 'jina',
  name: 'Jina AI',
  baseUrl: 'https://api.jina.ai/v1',
  pages: {
    keys: 'https://jina.ai/api-dashboard/key-manager',
    usage: 'https://jina.ai/api-dashboard/key-manager',
    limits: 'https://jina.ai/api-dashboard/rate-limit',
    prices: 'https://jina.ai/embeddings/',
    docs: 'https://api.jina.ai/docs',
  },
  keyHint: 'jina_…',
  keyHeader: bearer,
  key: 'required',
  // there is no list and no account to ask for: a request for embeddings of nothing, which is refused and costs nothing
  checkKey: { method: 'POST', path: '/embeddings', read: () => 'elsewhere', proves: 'refusal' },
  embeddings: {
    ...plain,
    dimensions: 'dimensions',
    purpose: { parameter: 'task', query: 'retrieval.query', document: 'retrieval.passage' },
  },
  embeddingsOf: (model) => (model.startsWith('jina-embeddings-v2-') ? plain : undefined),
  checkedOn: '2026-11-20',
  notes: [
    'Tokens are bought in packages. The price book has the smaller one’s; if you buy the larger one, or pay by another contract, enter your own price.',
    'An empty balance is answered with 403, as is what a plan does not allow: Latchkey tells them apart by the code.',
    'A text that is too long for the model is refused, not cut.',
    'Its reranking is not supported.',
  ],
  triedAgainst: 'a mock of its documented interface',
}
