import { openAiChatWith } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, readModelList } from './provider.ts'

/** Hugging Face Inference Providers: one router to many providers, each with its own models and prices. @see https://huggingface.co/docs/inference-providers, facts of 2026-11-20 */
export const huggingface: ChatProvider = {
  id: 'huggingface',
  name: 'Hugging Face',
  baseUrl: 'https://router.huggingface.co/v1',
  pages: {
    keys: 'https://huggingface.co/settings/tokens',
    usage: 'https://huggingface.co/settings/billing',
    limits: 'https://huggingface.co/docs/inference-providers/pricing',
    prices: 'https://huggingface.co/docs/inference-providers/pricing',
    docs: 'https://huggingface.co/docs/inference-providers/tasks/chat-completion',
  },
  keyHint: 'hf_…',
  keyHeader: bearer,
  key: 'required',
  checkKey: { method: 'GET', path: '/models', read: readModelList, proves: 'address' },
  listModels: { path: '/models' },
  chat: {
    protocol: openAiChatWith({ reasoning: 'by total' }),
    path: '/chat/completions',
    sdk: 'openai-compatible',
    jsonSchema: true,
  },
  checkedOn: '2026-11-20',
  notes: [
    'Its list of models is public: whether a token is good shows at the first call. The token needs the permission to call Inference Providers.',
    'A model’s name may end in the provider that serves it, as in openai/gpt-oss-120b:groq; the price is that provider’s.',
    'With the extra header x-hf-bill-to an organisation pays.',
  ],
  afterDisconnect: 'goes on',
  triedAgainst: 'recorded answers',
}
