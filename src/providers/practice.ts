import { openAiChat } from './protocols/openai-chat.ts'
import { bearer, type ChatProvider, PRACTICE_DESTINATION, readModelList } from './provider.ts'

/** The practice model: the only one there is. */
export const PRACTICE_MODEL = 'practice-1'

/**
 * For trying things out without a key or a cost: a small server on this machine that writes texts from the product's own
 * fields. It is not AI and says so.
 */
export const practice: ChatProvider = {
  id: 'practice',
  name: 'Practice, not AI',
  baseUrl: PRACTICE_DESTINATION,
  pages: {},
  keyHeader: bearer,
  key: 'none',
  checkKey: { method: 'GET', path: '/models', read: readModelList },
  listModels: { path: '/models' },
  chat: { protocol: openAiChat, path: '/chat/completions', sdk: 'openai-compatible', jsonSchema: true },
  noPrices: 'It is free: nothing leaves this machine.',
  checkedOn: '2026-11-20',
  afterDisconnect: 'stops',
  triedAgainst: 'a mock of its documented interface',
}
