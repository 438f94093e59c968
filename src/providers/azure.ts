import { openAiChat } from './protocols/openai-chat.ts'
import { openAiImages } from './protocols/openai-images.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { type ChatProvider, readModelList } from './provider.ts'

/** Azure OpenAI and Foundry, version 1 of its interface: the address is the resource’s, and a model’s name is its deployment’s. @see https://learn.microsoft.com/en-us/azure/ai-foundry/openai/api-version-lifecycle, facts of 2026-11-20 */
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
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
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
  checkedOn: '2026-11-20',
  notes: [
    'Enter the resource’s address with its path: https://RESOURCE.openai.azure.com/openai/v1, or https://RESOURCE.services.ai.azure.com/openai/v1.',
    'Name the deployment where a model is asked for. The list shows the models that Azure has, not your deployments.',
    'Prices differ from OpenAI’s and by region: enter them as the connection’s own price.',
    'What its content filter refuses may be charged all the same.',
    'Grok on Foundry counts cached tokens beside the prompt: where they cannot be told apart, the usage is unknown.',
  ],
  triedAgainst: 'recorded answers',
}
