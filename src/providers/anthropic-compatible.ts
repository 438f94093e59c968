import { anthropic } from './anthropic.ts'
import type { ChatProvider } from './provider.ts'

/** Any server that speaks Anthropic messages; the person gives its base URL (without /v1). */
export const anthropicCompatible: ChatProvider = {
  id: 'anthropic-compatible',
  name: 'Any server that speaks Anthropic messages',
  pages: {},
  keyHeader: anthropic.keyHeader,
  key: 'optional',
  headers: { 'anthropic-version': '2023-06-01' },
  checkKey: anthropic.checkKey,
  listModels: anthropic.listModels,
  chat: { ...anthropic.chat, jsonSchema: false }, // unknown of a server we do not know
  noPrices: 'What such a server costs is known to who runs it: enter it as the connection’s own price (0 is allowed).',
  checkedOn: '2026-11-20',
  triedAgainst: 'a mock of its documented interface',
}
