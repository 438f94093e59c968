import type { OpenChat } from '../../../calls/stream-chat.ts'
import { probePicture } from './picture.ts'

/** What one call of a probe asks, and how much it may use. Tokens. */
export interface Question {
  readonly options: OpenChat['options']
  readonly inputTokensAtMost: number
  readonly outputTokensAtMost: number
  /** What it uses where nothing is out of the ordinary. */
  readonly usual: { readonly input: number; readonly output: number }
}

/** A few words are wanted; a model that thinks first needs room for that. */
const OUTPUT_TOKENS = 256
/** With whatever a provider puts around a message of one sentence. */
const WORDS_TOKENS = 200
/** Anthropic describes tools to its models in up to 700 tokens of its own. */
const TOOL_TOKENS = 1_000
const SCHEMA_TOKENS = 600
/** A small picture at low detail: 85 to 2,833 tokens at OpenAI, 258 to 1,120 at Gemini, fewer elsewhere. */
const PICTURE_TOKENS = 3_200
/** Fewer than the answer would have. */
const LIMIT_TOKENS = 48

const asks = (text: string): OpenChat['options']['prompt'] => [{ role: 'user', content: [{ type: 'text', text }] }]

const ofWords = (text: string, { outputTokens = OUTPUT_TOKENS, usual = 10 } = {}): Question => ({
  options: { prompt: asks(text), maxOutputTokens: outputTokens },
  inputTokensAtMost: WORDS_TOKENS,
  outputTokensAtMost: outputTokens,
  usual: { input: 25, output: usual },
})

export const oneWord = ofWords('Answer with one word: ready')
/** It is left at its first words; some providers write it to its end all the same. */
export const longAnswer = ofWords('Count from 1 to 200, in digits, with spaces between.', { usual: 60 })
/** The same where less may be answered than it takes. */
export const limitedAnswer = ofWords('Count from 1 to 200, in digits, with spaces between.', {
  outputTokens: LIMIT_TOKENS,
  usual: LIMIT_TOKENS,
})

export const SAMPLING = { temperature: 0.5, seed: 7, stop: ['three'] } as const
/** An answer that holds the stop sequence, unless it is kept. */
export const stoppedAnswer = ofWords('Write exactly this line and nothing else: one two three four')

const TOOL = 'note_city'
/** Answered with a call of the tool, in which the city stands. */
export const toolCall: Question = {
  options: {
    ...ofWords('Note this city: Lisbon').options,
    tools: [
      {
        type: 'function',
        name: TOOL,
        description: 'Notes a city.',
        inputSchema: {
          type: 'object',
          properties: { city: { type: 'string', description: 'Its name' } },
          required: ['city'],
          additionalProperties: false,
        },
      },
    ],
    toolChoice: { type: 'tool', toolName: TOOL },
  },
  inputTokensAtMost: TOOL_TOKENS,
  outputTokensAtMost: OUTPUT_TOKENS,
  usual: { input: 150, output: 20 },
}
export const isToolCall = ({ toolName, input }: { toolName: string; input: string }): boolean => {
  const city = parsed(input)?.['city']
  return toolName === TOOL && typeof city === 'string' && /lisbo/i.test(city)
}

/** Nothing but the schema keeps an answer to this in its form. */
export const boundAnswer: Question = {
  options: {
    ...ofWords('How are you today? Say it as you like.').options,
    responseFormat: {
      type: 'json',
      name: 'mood',
      schema: {
        type: 'object',
        properties: { mood: { type: 'string', enum: ['k7', 'q4'] }, weight: { type: 'integer' } },
        required: ['mood', 'weight'],
        additionalProperties: false,
      },
    },
  },
  inputTokensAtMost: SCHEMA_TOKENS,
  outputTokensAtMost: OUTPUT_TOKENS,
  usual: { input: 100, output: 20 },
}
export const isBound = (text: string): boolean => {
  const answer = parsed(text)
  if (!answer) return false
  const { mood, weight, ...others } = answer
  return (mood === 'k7' || mood === 'q4') && Number.isInteger(weight) && Object.keys(others).length === 0
}

export const picture: Question = {
  options: {
    ...ofWords('').options,
    prompt: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'The picture has two halves. Name the colour of the left half, then that of the right half. Two words.' },
          {
            type: 'file',
            mediaType: 'image/png',
            data: { type: 'data', data: probePicture() },
            providerOptions: { openai: { imageDetail: 'low' } },
          },
        ],
      },
    ],
  },
  inputTokensAtMost: PICTURE_TOKENS,
  outputTokensAtMost: OUTPUT_TOKENS,
  usual: { input: 300, output: 10 },
}

/** One word to be made a vector of. */
export const TEXT = 'ready'
export const oneText: Question = {
  options: { prompt: asks(TEXT) },
  inputTokensAtMost: 50,
  outputTokensAtMost: 0,
  usual: { input: 3, output: 0 },
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
