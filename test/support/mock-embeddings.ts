import { answerJson, type RawRequest, type RawServer, startRawServer } from './raw-server.ts'

/** The vector that the mock has for a text: four numbers that only this text has. */
export function vectorFor(text: string): number[] {
  let sum = 0
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)!) % 1_000_003
  return [0, 1, 2, 3].map((at) => ((sum >> (5 * at)) % 1_000) / 1_000 + at)
}

/** The tokens that the mock counts: one for each begun four characters. */
export const tokensFor = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0)

/** An answer instead of the good one. */
export type OtherAnswer = { readonly status: number; readonly body: unknown } | undefined

/**
 * A stand-in for Voyage, Jina, Ollama, Cohere, Gemini, Bedrock and OpenAI's dialect, each under its name and at its documented
 * path, which refuses what its documentation says it refuses. `other` may answer in its place.
 */
export function startMockEmbeddings(other: (request: RawRequest) => OtherAnswer = () => undefined): Promise<RawServer> {
  return startRawServer((request, response) => {
    const instead = other(request)
    if (instead) return answerJson(response, instead.status, instead.body)
    const [, provider = '', ...rest] = request.path.split('/')
    const answer = ANSWERS[provider]
    const asked = parsed(request.body)
    if (!answer || !answer.path.test(`/${rest.join('/')}`)) return answerJson(response, 404, { detail: 'Not Found' })
    const key = request.headers['x-goog-api-key'] ?? request.headers.authorization?.replace('Bearer ', '')
    if (!key?.includes('good') && provider !== 'ollama') return answerJson(response, 401, answer.wrongKey)
    if (!asked) return answerJson(response, 422, { detail: 'Field required' })
    const { status = 200, body, headers } = answer.answer(asked)
    answerJson(response, status, body, headers)
  })
}

type Asked = Readonly<Record<string, unknown>>
interface Answered {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

function parsed(body: string): Asked | undefined {
  try {
    return JSON.parse(body) as Asked
  } catch {
    return undefined
  }
}

const numbered = (texts: readonly string[], own: object): object => ({
  object: 'list',
  // the last first: their numbers say whose they are
  data: texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorFor(text) })).toReversed(),
  ...own,
})

const refuse = (detail: string): Answered => ({ status: 400, body: { detail } })

const ANSWERS: Readonly<Record<string, { path: RegExp; wrongKey: unknown; answer: (asked: Asked) => Answered }>> = {
  openai: {
    path: /^\/embeddings$/,
    wrongKey: { error: { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' } },
    answer: ({ model, input }) => {
      const tokens = tokensFor(input as string[])
      return { body: numbered(input as string[], { model, usage: { prompt_tokens: tokens, total_tokens: tokens } }) }
    },
  },
  voyage: {
    path: /^\/embeddings$/,
    wrongKey: { detail: 'Provided API key is invalid.' },
    answer: ({ model, input, input_type: type, truncation, encoding_format: encoding }) => {
      if (type !== 'query' && type !== 'document') return refuse('Value for input_type is not valid')
      if (truncation !== false || encoding !== undefined) return refuse('Argument is not valid')
      return { body: numbered(input as string[], { model, usage: { total_tokens: tokensFor(input as string[]) } }) }
    },
  },
  jina: {
    path: /^\/embeddings$/,
    wrongKey: { code: 'AUTH_INVALID_API_KEY', message: 'Invalid API key.' },
    answer: ({ model, input, task }) => {
      if (task !== 'retrieval.query' && task !== 'retrieval.passage') return { status: 422, body: { detail: 'task is not valid' } }
      const tokens = tokensFor(input as string[])
      return { body: numbered(input as string[], { model, usage: { total_tokens: tokens, prompt_tokens: tokens } }) }
    },
  },
  ollama: {
    path: /^\/api\/embed$/,
    wrongKey: { error: 'unauthorized' },
    answer: ({ model, input }) => {
      const texts = input as string[]
      return {
        body: { model, embeddings: texts.map(vectorFor), total_duration: 14, load_duration: 1, prompt_eval_count: tokensFor(texts) },
      }
    },
  },
  cohere: {
    path: /^\/v2\/embed$/,
    wrongKey: { message: 'invalid api token' },
    answer: ({ texts, embedding_types: types }) => {
      if (JSON.stringify(types) !== '["float"]') return refuse('embedding_types is required')
      const billed = { input_tokens: tokensFor(texts as string[]) }
      return { body: { id: 'c', texts, embeddings: { float: (texts as string[]).map(vectorFor) }, meta: { billed_units: billed } } }
    },
  },
  gemini: {
    path: /^\/models\/[^/:]+:batchEmbedContents$/,
    wrongKey: { error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } },
    answer: ({ requests }) => ({
      body: {
        embeddings: (requests as { content: { parts: { text: string }[] } }[]).map(({ content }) => ({
          values: vectorFor(content.parts[0]!.text),
        })),
      },
    }),
  },
  bedrock: {
    path: /^\/model\/[^/]+\/invoke$/,
    wrongKey: { message: 'The security token included in the request is invalid' },
    answer: ({ inputText, texts }) => {
      const all = typeof inputText === 'string' ? [inputText] : (texts as string[])
      const headers = { 'x-amzn-bedrock-input-token-count': String(tokensFor(all)), 'x-amzn-requestid': 'r' }
      const body = typeof inputText === 'string' ? { embedding: vectorFor(all[0]!) } : { embeddings: { float: all.map(vectorFor) } }
      return { body, headers }
    },
  },
}
