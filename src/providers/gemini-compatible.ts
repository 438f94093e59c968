import { gemini } from './gemini.ts'
import type { ChatProvider } from './provider.ts'

/** Any server that speaks Gemini's generateContent; the person gives its base URL, with /v1beta where it has one. */
export const geminiCompatible: ChatProvider = {
  id: 'gemini-compatible',
  name: 'Any server that speaks Gemini generateContent',
  baseUrlExample: 'https://api.example.com/v1beta',
  pages: {},
  noPrices: 'What it costs is known to who runs it: enter it as the connection’s own price.',
  keyHeader: gemini.keyHeader,
  key: 'optional',
  checkKey: gemini.checkKey,
  listModels: gemini.listModels,
  chat: { ...gemini.chat, jsonSchema: false }, // unknown of a server we do not know
  embeddings: gemini.embeddings,
  checkedOn: '2026-11-20',
  triedAgainst: 'a mock of its documented interface',
}
