import { mkdirSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { textsAtMost } from '../src/calls/embed-parts.ts'
import { loadBook } from '../src/prices/book.ts'
import type { BatchOffer } from '../src/providers/batch.ts'
import { type ChatOffer, type EmbeddingsOffer, type ImagesOffer, OFFER_KINDS } from '../src/providers/offer.ts'
import type { Provider } from '../src/providers/provider.ts'
import { providers } from '../src/providers/registry.ts'

const FOLDER = new URL('../docs/providers/', import.meta.url)

/** The pages of docs/providers as the providers' data make them, by file name; `npm run format` writes them. */
export function providerPages(): Record<string, string> {
  const list = Object.values(providers)
  return { 'README.md': overview(list), ...Object.fromEntries(list.map((provider) => [`${provider.id}.md`, providerPage(provider)])) }
}

function overview(list: readonly Provider[]): string {
  const rows = list.map((provider) => {
    const { id, name, triedAgainst } = provider
    const spoken = [...new Set(OFFER_KINDS.flatMap((kind) => provider[kind]?.protocol.id ?? []))].map(protocolName)
    return `| [${name}](${id}.md) | \`${id}\` | ${spoken.join(', ')} | ${loadBook(id) ? 'yes' : 'no'} | ${triedAgainst} |`
  })
  return `# Providers

Every provider that Latchkey can speak to, and what that was tried against. "Recorded answers" are real answers that others published;
"a mock of its documented interface" is a stand-in that answers as its documentation says; nothing here was tried with a key of ours.

| provider | \`--provider\` | speaks | published prices | tried against |
|---|---|---|---|---|
${rows.join('\n')}

Another one is [a file and a line](../guides/adding-a-provider.md).
`
}

/** One provider's page. */
export function providerPage(provider: Provider): string {
  const { id, name, notes = [], triedAgainst, checkedOn } = provider
  const sections = [
    `# ${name}`,
    `\`--provider ${id}\`. Tried against: **${triedAgainst}**. What stands here was read on ${checkedOn}.`,
    `## Address and key\n\n${bullets(addressLines(provider))}`,
    `## At the provider\n\n${bullets(linkLines(provider))}`,
    `## What Latchkey does there\n\n${bullets(offerLines(provider))}`,
    ...(notes.length > 0 ? [`## Good to know\n\n${bullets(notes)}`] : []),
  ]
  return `${sections.join('\n\n')}\n`
}

const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')

function addressLines({ key, baseUrl, baseUrlExample, regions = [], keyHeader, keyHint }: Provider): string[] {
  if (key === 'none') return ['It is part of Latchkey and runs on this machine; there is no address to choose, and no key.']
  const address =
    baseUrl === undefined
      ? `The address is yours to enter${baseUrlExample === undefined ? '' : `, such as \`${baseUrlExample}\``}.`
      : `\`${baseUrl}\``
  return [
    address,
    ...regions.map((region) => `${region.region}: \`${region.baseUrl}\``),
    `The key goes into the header \`${keyHeader.name}\`${keyHeader.prefix === '' ? '' : `, after \`${keyHeader.prefix.trim()}\``}${key === 'optional' ? '; a server may need none' : ''}.`,
    ...(keyHint === undefined ? [] : [`Keys look like this today: ${keyHint}. Nothing is refused for looking otherwise.`]),
  ]
}

const PAGE_NAMES = { keys: 'Keys', usage: 'Usage', limits: 'Limits', prices: 'Prices', docs: 'Documentation' } as const

function linkLines({ pages, noPrices }: Provider): string[] {
  const links = (Object.keys(PAGE_NAMES) as (keyof typeof PAGE_NAMES)[]).flatMap((page) =>
    pages[page] === undefined ? [] : [`[${PAGE_NAMES[page]}](${pages[page]})`],
  )
  return [...links, ...(noPrices === undefined ? [] : [noPrices])]
}

const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  'openai-chat': 'OpenAI chat',
  'openai-responses': 'OpenAI responses',
  'anthropic-messages': 'Anthropic messages',
  'bedrock-converse': 'Bedrock Converse',
  'cohere-chat': 'Cohere chat',
  'deepl-translate': 'DeepL',
  'gemini-generate-content': 'Gemini generateContent',
  'ollama-chat': 'Ollama chat',
  'openai-images': 'OpenAI images',
  'openrouter-images': 'OpenRouter images',
  'fal-queue': 'the queue of fal.ai',
  'black-forest-labs': 'jobs of Black Forest Labs',
  'openai-embeddings': 'OpenAI embeddings',
  'bedrock-embeddings': 'Bedrock InvokeModel',
  'cohere-embeddings': 'Cohere embed',
  'gemini-embeddings': 'Gemini batchEmbedContents',
  'jina-embeddings': 'Jina embeddings',
  'ollama-embeddings': 'Ollama embed',
  'vertex-embeddings': 'Vertex AI predict',
  'voyage-embeddings': 'Voyage embeddings',
}

function protocolName(id: string): string {
  const name = PROTOCOL_NAMES[id]
  if (name === undefined) throw new Error(`the protocol ${id} has no name for people`)
  return name
}

function offerLines({ id, chat, responses, batch, embeddings, images, translation, checkKey, listModels }: Provider): string[] {
  return [
    ...(chat ? chatLines(chat) : []),
    ...(responses ? ['Programs that speak OpenAI responses are passed on as they are, by the gateway.'] : []),
    ...(batch ? [batchLine(batch)] : []),
    ...(embeddings ? embeddingsLines(embeddings) : []),
    ...(images ? [imagesLine(images)] : []),
    ...(translation ? [`Translations, by ${protocolName(translation.protocol.id)}.`] : []),
    `A key is tested free of charge with \`${checkKey.method} ${checkKey.path}\`${PROVES[checkKey.proves ?? 'key']}.`,
    listModels === undefined
      ? 'Its models are not listed at this address: write the name.'
      : `Its models are listed with \`GET ${listModels.path}\`.`,
    loadBook(id)
      ? 'Prices: in the price book, where a model has one; a connection’s own prices go before it.'
      : 'Prices: none published here. Without a connection’s own price a cost is unknown, never zero.',
  ]
}

const batchLine = ({ requestsAtMost, bytesAtMost, lastsAtMostMs }: BatchOffer): string =>
  `Batches, where their price is in the price book: up to ${requestsAtMost.toLocaleString('en')} requests or ${bytesAtMost / 1_048_576} MiB in one, done within ${lastsAtMostMs / 3_600_000} hours or not at all.`

const PROVES = {
  key: '',
  address: ', which anyone may ask: it says that the provider is there, and nothing of the key',
  refusal: ' that asks for nothing, and is refused: a wrong key is told from it, and whether a key is good shows at the first call',
} as const

function embeddingsLines(offer: EmbeddingsOffer): string[] {
  const most = textsAtMost(offer)
  return [
    `Embeddings, by ${protocolName(offer.protocol.id)}: ${most === 1 ? 'one text' : `at most ${most} texts`} in a request.`,
    ...(offer.purpose ? ['It is told whether a text is to be found, or to find others.'] : []),
    offer.dimensions === undefined
      ? 'Vectors are as long as the model makes them.'
      : 'The length of vectors can be chosen, where the model has several.',
  ]
}

const chatLines = (chat: ChatOffer): string[] => [
  `Texts, by ${protocolName(chat.protocol.id)}.`,
  formatLine(chat),
  ...(chat.outputLimit === undefined ? [] : [`The output limit is sent as \`${chat.outputLimit}\`.`]),
  ...(chat.streamedUsage === undefined ? [] : [STREAMED[chat.streamedUsage]]),
]

function imagesLine({ protocol, imagesAtMost, takes, references }: ImagesOffer): string {
  const count = imagesAtMost === 1 ? 'one in a request' : `up to ${imagesAtMost} in one request`
  const chosen = takes.length === 0 ? 'nothing but the prompt is told' : `${inWords.format(takes)} can be chosen`
  const from = references
    ? ` They can be made from ${references.imagesAtMost === 1 ? 'another one' : `up to ${references.imagesAtMost} others`}${references.mask ? ', with a mask' : ''}.`
    : ''
  return `Images, by ${protocolName(protocol.id)}: ${count}; ${chosen}.${from}`
}

const inWords = new Intl.ListFormat('en')

const STREAMED = {
  asked: 'A streamed answer says its usage when it is asked to (`stream_options.include_usage`).',
  unasked: 'A streamed answer says its usage unasked.',
} as const

function formatLine({ jsonSchema, responseFormat }: ChatOffer): string {
  if (responseFormat === 'json_object') return 'Answers are bound to JSON of any form; the schema stands in the prompt.'
  if (responseFormat === 'none') return 'Answers are not bound by the provider: JSON and its schema are asked for in the prompt.'
  return jsonSchema
    ? 'Answers are bound to a JSON schema by the provider.'
    : 'A JSON schema is sent with each request; whether the server heeds it is its own affair.'
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, text] of Object.entries(providerPages())) writeFileSync(new URL(name, FOLDER), text)
}
