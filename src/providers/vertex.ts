import { objectOf } from '../base/json.ts'
import { refusedDestination } from './destination-guard.ts'
import { googleServiceAccount } from './google-service-account.ts'
import { gemini as geminiProtocol } from './protocols/gemini.ts'
import { vertexEmbeddingsBy } from './protocols/native-embeddings.ts'
import type { EmbeddingsOffer } from './offer.ts'
import type { ChatProvider, Destination } from './provider.ts'

const GLOBAL = 'https://aiplatform.googleapis.com/v1'

/** Gemini's models of embeddings take one text at a time, and are charged by its tokens. */
const embeddings: EmbeddingsOffer = {
  protocol: vertexEmbeddingsBy('input_tokens'),
  path: (model) => `${modelPath(model)}:predict`,
  form: 'vertex-predict',
  textsAtMost: 1,
  dimensions: 'outputDimensionality',
  purpose: { parameter: 'task_type', query: 'RETRIEVAL_QUERY', document: 'RETRIEVAL_DOCUMENT' },
}

/** The older ones (text-embedding-005, text-multilingual-embedding-002) take many, and are charged by their characters. */
const olderEmbeddings: EmbeddingsOffer = {
  ...embeddings,
  protocol: vertexEmbeddingsBy('characters'),
  textsAtMost: 250,
  tokensAtMost: 20_000,
}

/**
 * Google's Gemini models on Vertex AI, with a service account's key file or an API key.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, facts of 2026-11-20
 */
export const vertex: ChatProvider = {
  id: 'vertex',
  name: 'Google Vertex AI',
  baseUrl: GLOBAL,
  ownBaseUrl: /^https:\/\/(?:[a-z0-9-]+-)?aiplatform(?:\.(?:eu|us)\.rep)?\.googleapis\.com\/v1$/,
  pages: {
    keys: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
    usage: 'https://console.cloud.google.com/billing',
    limits: 'https://cloud.google.com/vertex-ai/generative-ai/docs/quotas',
    prices: 'https://cloud.google.com/vertex-ai/generative-ai/pricing',
    docs: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  },
  keyHint: '{"type": "service_account", …}, the whole file, or AQ.…',
  keyHeader: { name: 'x-goog-api-key', prefix: '' }, // never in the URL, where Google takes it too
  takesAccessTokens: true,
  keyExchange: googleServiceAccount,
  key: 'required',
  keyProblem: (key, { project }) =>
    googleServiceAccount.isFor(key) && project === undefined
      ? 'A service account works in a project: enter the project’s id beside the key.'
      : undefined,
  destinationFields: {
    project: { pattern: /^[a-z0-9](?:[a-z0-9.:-]{0,98}[a-z0-9])?$/, example: 'my-project-123456' },
    region: { pattern: /^[a-z]+(?:-[a-z]+\d{1,2})?$/, example: 'global' },
  },
  completeDestination,
  steerPath: (path, { destination: { project, region = 'global' } }) =>
    project === undefined ? path : `/projects/${project}/locations/${region}${path}`,
  checkKey: {
    method: 'POST',
    path: `${modelPath('gemini-2.5-flash')}:countTokens`,
    body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
    read: (body) => (typeof objectOf(body)?.['totalTokens'] === 'number' ? 'ok' : 'elsewhere'),
  },
  unspoken: /^claude-/,
  chat: {
    protocol: geminiProtocol,
    path: (model) => `${modelPath(model)}:generateContent`,
    streamPath: (model) => `${modelPath(model)}:streamGenerateContent?alt=sse`,
    sdk: 'google',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  images: {
    protocol: geminiProtocol,
    path: (model) => `${modelPath(model)}:generateContent`,
    form: 'gemini',
    imagesAtMost: 1,
    takes: ['seed'],
    references: { as: 'inlineData', imagesAtMost: 14 },
  },
  embeddings,
  embeddingsOf: (model) => (/(?:^|\/)text-/.test(model) ? olderEmbeddings : undefined),
  checkedOn: '2026-11-20',
  notes: [
    'With a service account, paste its whole key file and enter the project. The file is sealed and never sent: it signs a statement for https://oauth2.googleapis.com, which answers with an access token; that token is kept in memory for five minutes at most.',
    'The account needs the role "Vertex AI User" (roles/aiplatform.user) in the project, and the project the Vertex AI API switched on.',
    'At an address of your own, such as a gateway, it is that gateway that gets the access token; the key file goes nowhere in any case.',
    'An API key needs no project where it is of express mode.',
    'The location decides where requests are worked on: "global", "eu", "us", or a region such as europe-west4. Not every model is in every one of them.',
    'The prices in the book are those of "global". In another location a cost is unknown until you enter the connection’s own prices.',
    'A key is tested by counting the tokens of one word with gemini-2.5-flash, which is free: where a location lacks that model, the test says that the address is wrong although the key is good.',
    'Embeddings: a text that is too long is refused, not cut. The older models, named text-..., are charged by characters, for which the book has no price: enter your own.',
    'Only Google’s own models are asked: Claude and others on Vertex AI have another interface, which Latchkey does not speak yet.',
  ],
  triedAgainst: 'recorded answers',
}

/** One step of the path, whatever the name holds. */
function modelPath(model: string): string {
  return `/publishers/google/models/${encodeURIComponent(model.replace(/^(?:publishers\/google\/)?models\//, ''))}`
}

/** Each location has an address of its own; a gateway's address that was entered stays. */
function completeDestination(entered: Partial<Destination>): Partial<Destination> {
  const { baseUrl, project, region } = entered
  if (region !== undefined && project === undefined) throw refusedDestination('a location belongs to a project; enter the project too')
  return { ...entered, baseUrl: baseUrl === undefined || baseUrl === GLOBAL ? addressIn(region ?? 'global') : baseUrl }
}

function addressIn(region: string): string {
  if (region === 'global') return GLOBAL
  return region === 'eu' || region === 'us'
    ? `https://aiplatform.${region}.rep.googleapis.com/v1`
    : `https://${region}-aiplatform.googleapis.com/v1`
}
