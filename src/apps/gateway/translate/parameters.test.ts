import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../base/errors.ts'
import { openAiChat } from '../../../providers/protocols/openai-chat.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { anthropicMessagesIn } from './anthropic-messages-in.ts'
import { openaiChatIn } from './openai-chat-in.ts'
import { packageRefusal } from './package-refusal.ts'
import { createReport, parametersHeader, RequestRefusal, takeWarnings } from './report.ts'
import { OPENAI_NAMES } from './settings.ts'
import { UNSIGNED, withoutUnsignedThinking } from './thinking.ts'

const target = (sdk: ChatOffer['sdk'], model = 'm'): { offer: ChatOffer; model: string } => ({
  offer: { protocol: openAiChat, path: '/', sdk, jsonSchema: true },
  model,
})
const openai = (parameters: object, sdk: ChatOffer['sdk'] = 'anthropic') =>
  openaiChatIn({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...parameters }, target(sdk))
const anthropic = (parameters: object, sdk: ChatOffer['sdk'] = 'openai-compatible', model = 'm') =>
  anthropicMessagesIn({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }], ...parameters }, target(sdk, model))

/** The names that an official client's types document, from the sources that its package ships. */
function documented(file: string, name: string): string[] {
  const text = readFileSync(fileURLToPath(import.meta.resolve(file)).replace(/\.m?js$/, '.d.ts'), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '')
  const body = new RegExp(`export interface ${name} \\{([^]*?)\\n\\}`).exec(text)?.[1] ?? ''
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, parameter]) => parameter!)
}

/** Headers of the client's, which it takes among its parameters. */
const HEADERS = new Set(['user_profile_id', 'workspace_id'])

describe('every documented parameter is decided', () => {
  const nonsense = { nonsense: true }
  const isDecided = (ask: () => ReturnType<typeof openaiChatIn>, name: string): boolean => {
    try {
      return ask().report.fates.get(name)?.note !== 'unknown'
    } catch (error) {
      return error instanceof AppError // read, and found wrong
    }
  }
  const chat = documented('openai/resources/chat/completions/completions', 'ChatCompletionCreateParamsBase')
  it('of OpenAI’s', () => expect(chat.length).toBeGreaterThan(35))
  it.each([...chat, 'stream'])('OpenAI: %s', (name) => {
    expect(isDecided(() => openai({ [name]: nonsense }), name)).toBe(true)
  })
  const messages = documented('@anthropic-ai/sdk/resources/messages/messages', 'MessageCreateParamsBase').filter(
    (name) => !HEADERS.has(name),
  )
  it('of Anthropic’s', () => expect(messages.length).toBeGreaterThan(15))
  it.each(messages)('Anthropic: %s', (name) => {
    expect(isDecided(() => anthropic({ [name]: nonsense }), name)).toBe(true)
  })
  it('what nobody documents is named as dropped', () => {
    expect(openai({ enable_thinking: true }).report.fates.get('enable_thinking')?.outcome).toBe('dropped')
  })
})

describe('what would change the meaning is refused before it costs', () => {
  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 50256: -100 } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'ash', format: 'wav' } }],
    ['web_search_options', { web_search_options: {} }],
    ['functions', { functions: [{ name: 'x' }] }],
    ['tools[0]', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }] },
    ],
  ])('OpenAI: %s', (path, parameters) => {
    expect(() => openai(parameters)).toThrow(RequestRefusal)
    expect(() => openai(parameters)).toThrow(`"${path}" cannot be honoured`)
  })

  it.each([
    ['max_tokens', { max_tokens: 0 }],
    ['inference_geo', { inference_geo: 'us' }],
    ['tools[0]', { tools: [{ type: 'web_search_20260318', name: 'web_search' }] }],
    ['container', { container: { id: 'c' } }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] }] }],
  ])('Anthropic: %s', (path, parameters) => {
    expect(() => anthropic(parameters)).toThrow(`"${path}" cannot be honoured`)
  })

  it('all at once, each in the report', () => {
    try {
      openai({ n: 3, logprobs: true, temperature: 1 })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(RequestRefusal)
      const { issues, report } = error as RequestRefusal
      expect(issues?.map(({ path }) => path)).toEqual(['n', 'logprobs'])
      expect(parametersHeader(report)).toMatch(/^n=refused;note="[^"]+", logprobs=refused/)
    }
  })

  it('an address of a picture, where the provider fetches none; and addresses of no kind are wrong', () => {
    const picture = (url: string): object => ({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
    expect(() => openai(picture('https://example.com/a.png'), 'google')).toThrow('send the file as data')
    expect(openai(picture('https://example.com/a.png'), 'anthropic').report.fates.get('messages.image_url')?.outcome).toBe('mapped')
    for (const url of ['file:///etc/passwd', 'ftp://x/y', 'x', 'data:image/png,raw', 'data:;base64,AAAA', 'data:image/png;base64,<>']) {
      expect(() => openai(picture(url))).toThrow('has the wrong form')
    }
  })
})

describe('what is said in other words', () => {
  it('temperatures above the provider’s highest are lowered to it, and that is said', () => {
    const { options, report } = openai({ temperature: 1.6 })
    expect(options.temperature).toBe(1)
    expect(parametersHeader(report)).toContain('temperature=mapped;note="lowered to 1, the highest here"')
    expect(openai({ temperature: 1.6 }, 'google').options.temperature).toBe(1.6)
  })

  it('an output limit that the provider demands and nobody said is told as added', () => {
    expect(openai({}).report.fates.get('max_tokens')?.outcome).toBe('added')
    expect(openai({ max_tokens: 7 }).report.fates.get('max_tokens')?.outcome).toBe('mapped')
    expect(openai({ max_tokens: 7, max_completion_tokens: 9 }).options.maxOutputTokens).toBe(9)
  })

  it('allowed tools are the tools that are offered', () => {
    const tools = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }))
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] }
    const { options } = openai({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } })
    expect(options.tools?.map(({ name }) => name)).toEqual(['b'])
    expect(options.toolChoice).toEqual({ type: 'required' })
  })

  it('thinking: a budget becomes a level elsewhere, and stays a budget within the limit for Claude on Bedrock', () => {
    const thinking = { type: 'enabled', budget_tokens: 6_000 }
    expect(anthropic({ max_tokens: 10_000, thinking }).options.reasoning).toBe('high')
    const { options } = anthropic({ max_tokens: 10_000, thinking }, 'amazon-bedrock', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0')
    expect(options.maxOutputTokens).toBe(4_000)
    expect(options.providerOptions).toEqual({ amazonBedrock: { reasoningConfig: { type: 'enabled', budgetTokens: 6_000 } } })
    expect(anthropic({ max_tokens: 10_000, thinking: { type: 'disabled' } }).options.reasoning).toBe('none')
  })

  it('what a model turns out not to take is reported under the caller’s name', () => {
    const { report } = openai({ reasoning_effort: 'high', temperature: 0.5 })
    takeWarnings(report, [{ type: 'unsupported', feature: 'temperature', details: 'not with "thinking"\r\n' }], OPENAI_NAMES)
    takeWarnings(
      report,
      [
        { type: 'unsupported', feature: 'providerOptions.anthropic.thinking' },
        { type: 'other', message: 'x' },
      ],
      OPENAI_NAMES,
    )
    expect(parametersHeader(report)).toContain('temperature=dropped;note="not with  thinking"')
    expect(report.fates.get('reasoning_effort')?.outcome).toBe('dropped')
  })
})

describe('25. Thinking with a foreign signature is never sent', () => {
  const SIGNED = `E${'qYCCpMBCBAYAipAsqrYOGEqLx4yVo0'.repeat(3)}`
  const history = (signature: string): object => ({
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature },
          { type: 'text', text: 'Hello' },
        ],
      },
      { role: 'user', content: 'And?' },
    ],
  })
  const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0'

  it('Claude gets back what Claude signed, everyone else gets none', () => {
    expect(JSON.stringify(anthropic(history(SIGNED), 'amazon-bedrock', CLAUDE).options.prompt)).toContain(SIGNED)
    for (const [sdk, model] of [
      ['openai-compatible', 'm'],
      ['google', 'm'],
      ['amazon-bedrock', 'amazon.nova-pro-v1:0'],
    ] as const) {
      const { options, report } = anthropic(history(SIGNED), sdk, model)
      expect(JSON.stringify(options.prompt)).not.toContain(SIGNED)
      expect(report.fates.get('messages.thinking')?.outcome).toBe('dropped')
    }
  })

  it.each([UNSIGNED, '', 'CiQBDDnWxzCnKBoG0vIUQ9fHy3JYGvjTmIZFY4uKrzvEqSxxxxxxxxxxxxxxxxx', 'f00d'.repeat(16)])(
    'not signed by Claude: %s',
    (signature) => {
      expect(JSON.stringify(anthropic(history(signature), 'amazon-bedrock', CLAUDE).options.prompt)).not.toContain('"hm"')
    },
  )

  it('what a translation gave is taken out of a request in Anthropic’s own dialect, and nothing else is touched', () => {
    const body = history(UNSIGNED) as Record<string, unknown>
    expect(withoutUnsignedThinking(body)).toEqual({
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
        { role: 'user', content: 'And?' },
      ],
    })
    expect(withoutUnsignedThinking(history(SIGNED) as Record<string, unknown>)).toBeUndefined()
  })
})

describe('what only some providers have, kept where it is had', () => {
  const cached = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const body = {
    system: [{ type: 'text', text: 'Long.', ...cached }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', ...cached }] }],
  }

  it('Anthropic’s cache marks, for Claude behind Bedrock', () => {
    const { options, report } = anthropic(body, 'amazon-bedrock', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0')
    const mark = { providerOptions: { amazonBedrock: { cachePoint: { type: 'default', ttl: '1h' } } } }
    expect(options.prompt).toMatchObject([mark, { content: [mark] }])
    expect(report.fates.get('messages.cache_control')?.outcome).toBe('mapped')
    expect(anthropic(body, 'google').report.fates.get('messages.cache_control')?.outcome).toBe('dropped')
  })

  it('Gemini’s signatures of tool calls, for Gemini', () => {
    const signed = { extra_content: { google: { thought_signature: 'gemini-signature' } } }
    const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '' }, ...signed }
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
    ]
    expect(JSON.stringify(openai({ messages }, 'google').options)).toContain('{"google":{"thoughtSignature":"gemini-signature"}}')
    const { options, report } = openai({ messages }, 'anthropic')
    expect(JSON.stringify(options)).not.toContain('gemini-signature')
    expect(report.fates.get('messages.tool_calls.extra_content')?.outcome).toBe('dropped')
  })

  it('system messages in the middle stay there, or are moved to the start', () => {
    const messages = ['system', 'user', 'system', 'user'].map((role, index) => ({ role, content: `${index}` }))
    expect(openai({ messages }, 'cohere').options.prompt.map(({ role }) => role)).toEqual(['system', 'user', 'system', 'user'])
    const { options, report } = openai({ messages }, 'google')
    expect(options.prompt.map(({ role }) => role)).toEqual(['system', 'system', 'user', 'user'])
    expect(report.fates.get('messages.system')?.note).toBe('moved to the start')
  })

  it('what a package itself cannot send is the caller’s to mend', () => {
    expect(packageRefusal(new UnsupportedFunctionalityError({ functionality: 'media type: image/bmp' }))).toMatchObject({
      code: 'parameter.refused',
    })
    expect(packageRefusal(new Error('x'))).toBeUndefined()
  })
})

describe('the header', () => {
  it('is short and safe, whatever the names of parameters are', () => {
    const report = createReport()
    for (let index = 0; index < 500; index += 1) report.dropped(`näme "${index}"\r\nset-cookie: x`, 'a "note"\n')
    const header = parametersHeader(report)
    expect(header).toMatch(/^[\x20-\x7e]+$/)
    expect(header.length).toBeLessThan(1_600)
    expect(header).toMatch(/, others=\d+$/)
    expect(header).not.toContain('"note"')
  })
})
