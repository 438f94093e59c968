import { openAiChatWith } from './protocols/openai-chat.ts'
import { openAiEmbeddings } from './protocols/openai-embeddings.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Alibaba Model Studio (Qwen) behind OpenAI chat; a key holds in one region only. @see https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope, read 2026-11-20 */
export const alibaba: ChatProvider = {
  id: 'alibaba',
  name: 'Alibaba Model Studio',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  regions: [
    { region: 'us', baseUrl: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1' },
    { region: 'cn', baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1' },
    { region: 'cn-hongkong', baseUrl: 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1' },
  ],
  pages: {
    keys: 'https://modelstudio.console.alibabacloud.com/?tab=dashboard#/api-key',
    usage: 'https://modelstudio.console.alibabacloud.com',
    limits: 'https://www.alibabacloud.com/help/en/model-studio/rate-limit',
    prices: 'https://www.alibabacloud.com/help/en/model-studio/model-pricing',
    docs: 'https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope',
  },
  keyHint: 'sk-…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: false,
    responseFormat: 'json_object',
    parameters: { enable_thinking: false }, // whole answers are refused while a model thinks
    streamedUsage: 'asked',
  },
  embeddings: { protocol: openAiEmbeddings, path: '/embeddings', form: 'openai', textsAtMost: 10, dimensions: 'dimensions' },
  checkedOn: '2026-11-20',
  notes: [
    'A key holds in one region only: with another region’s address it is not accepted.',
    'Since 2026 the documentation names addresses that hold the workspace, as in https://WORKSPACE.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1: enter yours as another address.',
    'Models that can think are asked not to: it refuses whole answers, and JSON, while they do. Models that always think cannot be used.',
    'Long contexts cost more, by steps of the input.',
    'Not every model takes a JSON schema: JSON of any form is asked for, and the schema stands in the prompt.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'a mock of its documented interface',
}
