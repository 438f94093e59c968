import { objectOf } from '../base/json.ts'
import { bedrockConverse } from './protocols/bedrock-converse.ts'
import { bedrockEmbeddings } from './protocols/native-embeddings.ts'
import type { EmbeddingsOffer } from './offer.ts'
import { bearer, type ChatProvider, type CheckedKey } from './provider.ts'

const REGIONS = [
  'us-east-2',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-south-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'sa-east-1',
] as const

const addressIn = (region: string): string => `https://bedrock-runtime.${region}.amazonaws.com`

const invoke = { protocol: bedrockEmbeddings, path: (model: string) => `/model/${encodeURIComponent(model)}/invoke` }

/** Each maker's models of embeddings have bodies of their own; Amazon's take one text at a time. */
const titan: EmbeddingsOffer = { ...invoke, form: 'bedrock-titan', textsAtMost: 1, dimensions: 'dimensions' }
const cohere: EmbeddingsOffer = {
  ...invoke,
  form: 'bedrock-cohere',
  textsAtMost: 96,
  dimensions: 'output_dimension',
  purpose: { parameter: 'input_type', query: 'search_query', document: 'search_document' },
  parameters: { truncate: 'NONE' },
}
const nova: EmbeddingsOffer = {
  ...invoke,
  form: 'bedrock-nova',
  textsAtMost: 1,
  dimensions: 'embeddingDimension',
  purpose: { parameter: 'embeddingPurpose', query: 'TEXT_RETRIEVAL', document: 'GENERIC_INDEX' },
}

/**
 * Amazon Bedrock's Converse with an API key of Bedrock; each region is an address of its own. Models are listed elsewhere
 * (at bedrock.REGION.amazonaws.com), where a key sealed to this address is not sent. The check of the key lists invocations
 * in the background, of which there are none: what this host answers free of charge.
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ListAsyncInvokes.html, read 2026-11-20
 */
export const bedrock: ChatProvider = {
  id: 'bedrock',
  name: 'Amazon Bedrock',
  baseUrl: addressIn('us-east-1'),
  regions: REGIONS.map((region) => ({ region, baseUrl: addressIn(region) })),
  pages: {
    keys: 'https://console.aws.amazon.com/bedrock/home#/api-keys',
    usage: 'https://console.aws.amazon.com/costmanagement/home#/cost-explorer',
    limits: 'https://console.aws.amazon.com/servicequotas/home/services/bedrock/quotas',
    prices: 'https://aws.amazon.com/bedrock/pricing/',
    docs: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  },
  keyHint: 'ABSK…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/async-invoke?maxResults=1', read: readInvocations },
  chat: {
    protocol: bedrockConverse,
    path: (model) => `/model/${encodeURIComponent(model)}/converse`,
    streamPath: (model) => `/model/${encodeURIComponent(model)}/converse-stream`,
    sdk: 'amazon-bedrock',
    jsonSchema: true,
    streamedUsage: 'unasked',
  },
  embeddings: titan,
  embeddingsOf: (model) => (/cohere\.embed-/.test(model) ? cohere : /amazon\.nova-.*embed/.test(model) ? nova : undefined),
  checkedOn: '2026-11-20',
  notes: [
    'A key holds in the region where it was made; a short one for twelve hours at most.',
    'Requests go to the region of the address. Models whose names begin with us., eu. or global. may be answered in other regions of that area, and some cost 10 % more than global ones.',
    'The check of a key lists invocations in the background: a key that may not do that is shown as limited and can still be good for calls.',
    'Models are not listed at this address: choose from the price book, or write the model’s identifier as the Bedrock console names it.',
    'Embeddings: models of Titan and Nova take one text in a request, those of Cohere many. What was counted stands in a header of the answer; where it is missing, the tokens of that call are unknown.',
    'Claude is bound to a JSON schema by Bedrock itself; other models by a tool that they must use.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}

function readInvocations(body: unknown): CheckedKey {
  return Array.isArray(objectOf(body)?.['asyncInvokeSummaries']) ? 'ok' : 'elsewhere'
}
