import { defined, objectOf, textOf } from '../base/json.ts'
import { openAiChat } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { openAiResponses } from './protocols/openai-responses.ts'
import { type ChatProvider, type Destination, type OfferedModel, readModelList } from './provider.ts'

/** Hosts of Azure's own; a gateway before it (API Management) has a host and a path of its company's. */
const AZURE_HOST = /\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)$/

/**
 * Azure OpenAI and Foundry, in both forms of its interface: version 1, and the dated versions before it (`apiVersion`), which have
 * the deployment in the path. A model's name is its deployment's. @see https://learn.microsoft.com/en-us/azure/ai-foundry/openai/api-version-lifecycle, facts of 2026-11-20
 */
export const azure: ChatProvider = {
  id: 'azure',
  name: 'Azure OpenAI',
  baseUrlExample: 'https://RESOURCE.openai.azure.com/openai/v1',
  pages: {
    keys: 'https://portal.azure.com',
    usage: 'https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis',
    limits: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/quotas-limits',
    prices: 'https://azure.microsoft.com/en-us/pricing/details/cognitive-services/openai-service/',
    docs: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference',
  },
  keyHint: '84 or 32 letters and digits',
  keyHeader: { name: 'api-key', prefix: '' },
  key: 'required',
  hasDeployments: true,
  chargesRefusedContent: true,
  destinationFields: { apiVersion: { pattern: /^20\d{2}-\d{2}-\d{2}(?:-preview)?$/, example: '2024-10-21' } },
  completeDestination,
  steerPath,
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models', read: readModels },
  chat: {
    protocol: openAiChat,
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
    outputLimit: 'max_completion_tokens',
    streamedUsage: 'asked',
  },
  embeddings: {
    protocol: openAiEmbeddings,
    path: '/embeddings',
    form: 'openai',
    textsAtMost: 2_048,
    tokensAtMost: 300_000,
    dimensions: 'dimensions',
  },
  images: {
    protocol: openAiImages,
    path: '/images/generations',
    form: 'openai-images',
    imagesAtMost: 10,
    takes: ['size', 'quality', 'format', 'background'],
    references: { path: '/images/edits', as: 'multipart', imagesAtMost: 16, mask: true },
  },
  responses: { protocol: openAiResponses, path: '/responses' },
  checkedOn: '2026-11-20',
  notes: [
    'Enter the resource’s address, such as https://RESOURCE.openai.azure.com or https://RESOURCE.services.ai.azure.com; its path is added. The "Target URI" that the portal shows for a deployment will do too.',
    'Without an API version calls go to version 1 of the interface. Name one (2024-10-21) where your resource or gateway still needs the dated form: then the deployment is part of the path.',
    'Name the deployment where a model is asked for. The list shows the models that Azure has, not your deployments.',
    'Texts are asked for as chats: a deployment of a model that only the Responses interface serves answers programs of that interface alone, through the gateway.',
    'Say on the connection’s page which model each deployment runs: its published prices, tokenizer and shutdown date then hold before the first call. After a call the model that the answer names decides.',
    'Prices differ from OpenAI’s and by region: where yours do, enter them as the connection’s own.',
    'What its content filter refuses may be charged all the same: the cost of such a call is unknown.',
    'Grok on Foundry counts cached tokens beside the prompt: where they cannot be told apart, the usage is unknown.',
  ],
  triedAgainst: 'recorded answers',
}

/**
 * The base URL as its form of the interface has it: ".../openai/v1", or ".../openai" with a dated version. From the portal's
 * "Target URI" (".../openai/deployments/NAME/chat/completions?api-version=...") the version is taken too. Addresses that are not
 * Azure's own stay as they are.
 */
function completeDestination(entered: Partial<Destination>): Partial<Destination> {
  const url = URL.parse(entered.baseUrl ?? '')
  if (!url || !AZURE_HOST.test(url.hostname)) return entered
  const said = url.searchParams.get('api-version')
  url.searchParams.delete('api-version')
  // "v1" and "preview" are versions of the undated form, which needs none
  const apiVersion = entered.apiVersion ?? (said !== null && /^20\d{2}-/.test(said) ? said : undefined)
  const path = url.pathname.replace(/\/+$/, '')
  const isKnown = /^(?:\/openai(?:\/v1)?(?:\/(?:deployments|chat|responses|models|embeddings|images)(?:\/.*)?)?)?$/.test(path)
  if (isKnown) url.pathname = apiVersion === undefined ? '/openai/v1' : '/openai'
  return { ...entered, baseUrl: url.href, ...(apiVersion === undefined ? {} : { apiVersion }) }
}

function steerPath(path: string, { destination: { apiVersion }, model }: { destination: Destination; model?: string | undefined }): string {
  if (apiVersion === undefined) return path
  // its responses have the deployment in the body alone
  const there = model === undefined || path === '/responses' ? path : `/deployments/${encodeURIComponent(model)}${path}`
  return `${there}${there.includes('?') ? '&' : '?'}api-version=${encodeURIComponent(apiVersion)}`
}

/** Base models and fine-tuned ones; each says until when it answers, in seconds since 1970. */
function readModels(body: unknown): readonly OfferedModel[] | undefined {
  const list = objectOf(body)?.['data']
  if (!Array.isArray(list)) return undefined
  return list.map(objectOf).flatMap((model) => {
    const id = textOf(model?.['id'])
    if (id === undefined) return []
    const until = objectOf(model?.['deprecation'])?.['inference']
    const shutdownDate =
      typeof until === 'number' && until > 0 && until < 1e11 ? new Date(until * 1_000).toISOString().slice(0, 10) : undefined
    return defined<OfferedModel>({ id, shutdownDate, contextTokens: undefined, maxOutputTokens: undefined, files: undefined })
  })
}
