import type { GatewayModel } from '../../../contract/gateway.ts'

/** What snippets are filled with. */
export interface Filling {
  /** With "/v1". */
  readonly openAiBaseUrl: string
  /** Without. */
  readonly anthropicBaseUrl: string
  readonly key: string
  readonly model: GatewayModel
}

/** Something to paste: names of programs, files and settings are theirs, and stay as they are in every language. */
export interface Snippet {
  readonly title: string
  /** What to install, which file, which page of its settings. */
  readonly where: string
  /** The route it asks; a model that is not served there has no such snippet. */
  readonly endpoint: string
  readonly code: (filling: Filling) => string
}

export const SNIPPET_GROUPS = ['curl', 'python', 'typescript', 'assistants'] as const
export type SnippetGroup = (typeof SNIPPET_GROUPS)[number]

const CHAT = '/v1/chat/completions'
const MESSAGES = '/v1/messages'
const RESPONSES = '/v1/responses'

/** A string of JSON is one of Python, JavaScript, TOML and YAML too. */
const text = (value: string): string => JSON.stringify(value)
/** Of JavaScript, as most people write it. */
const single = (value: string): string => (/['\\\n]/.test(value) ? JSON.stringify(value) : `'${value}'`)
const shell = (value: string): string => (/^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`)
const json = (value: unknown): string => JSON.stringify(value, null, 2)

const HELLO = [{ role: 'user', content: 'Hello' }]
/** For clients that must be told how much a model can read, where nobody has published it: little enough for any of today's. */
const CAUTIOUS_CONTEXT_TOKENS = 32_000

/**
 * How programs are pointed at the gateway. Every setting's name is its own documentation's, read on 2026-11-20: docs.litellm.ai and
 * code.claude.com (Claude Code), dev.to/aihubmix of 2026-10-19 after OpenAI's (Codex CLI 0.162), docs.cline.bot, docs.continue.dev,
 * aider.chat, opencode's provider options, zed.dev (docs/src/ai/use-api-access.md), reference.langchain.com.
 */
export const SNIPPETS: Readonly<Record<SnippetGroup, readonly Snippet[]>> = {
  curl: [
    {
      title: 'OpenAI',
      where: `POST ${CHAT}`,
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) =>
        [
          `curl ${shell(`${openAiBaseUrl}/chat/completions`)} \\`,
          `  -H ${shell(`Authorization: Bearer ${key}`)} \\`,
          `  -H 'Content-Type: application/json' \\`,
          `  -d ${shell(JSON.stringify({ model: name, messages: HELLO }))}`,
        ].join('\n'),
    },
    {
      title: 'Anthropic',
      where: `POST ${MESSAGES}`,
      endpoint: MESSAGES,
      code: ({ anthropicBaseUrl, key, model: { name } }) =>
        [
          `curl ${shell(`${anthropicBaseUrl}/v1/messages`)} \\`,
          `  -H ${shell(`x-api-key: ${key}`)} \\`,
          `  -H 'anthropic-version: 2023-06-01' \\`,
          `  -H 'Content-Type: application/json' \\`,
          `  -d ${shell(JSON.stringify({ model: name, max_tokens: 500, messages: HELLO }))}`,
        ].join('\n'),
    },
  ],
  python: [
    {
      title: 'openai',
      where: 'pip install openai',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `from openai import OpenAI

client = OpenAI(
    base_url=${text(openAiBaseUrl)},
    api_key=${text(key)},
)
answer = client.chat.completions.create(
    model=${text(name)},
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`,
    },
    {
      title: 'anthropic',
      where: 'pip install anthropic',
      endpoint: MESSAGES,
      code: ({ anthropicBaseUrl, key, model: { name } }) => `from anthropic import Anthropic

client = Anthropic(
    base_url=${text(anthropicBaseUrl)},
    api_key=${text(key)},
)
answer = client.messages.create(
    model=${text(name)},
    max_tokens=500,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)`,
    },
    {
      title: 'LangChain',
      where: 'pip install langchain-openai',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url=${text(openAiBaseUrl)},
    api_key=${text(key)},
    model=${text(name)},
)
print(model.invoke("Hello").content)`,
    },
  ],
  typescript: [
    {
      title: 'openai',
      where: 'npm install openai',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: ${single(openAiBaseUrl)},
  apiKey: ${single(key)},
})
const answer = await client.chat.completions.create({
  model: ${single(name)},
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.choices[0].message.content)`,
    },
    {
      title: '@anthropic-ai/sdk',
      where: 'npm install @anthropic-ai/sdk',
      endpoint: MESSAGES,
      code: ({ anthropicBaseUrl, key, model: { name } }) => `import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({
  baseURL: ${single(anthropicBaseUrl)},
  apiKey: ${single(key)},
})
const answer = await client.messages.create({
  model: ${single(name)},
  max_tokens: 500,
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.content)`,
    },
    {
      title: 'AI SDK',
      where: 'npm install ai @ai-sdk/openai-compatible',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText } from 'ai'

const latchkey = createOpenAICompatible({
  name: 'latchkey',
  baseURL: ${single(openAiBaseUrl)},
  apiKey: ${single(key)},
})
const { text } = await generateText({
  model: latchkey.chatModel(${single(name)}),
  prompt: 'Hello',
})
console.log(text)`,
    },
    {
      title: 'LangChain',
      where: 'npm install @langchain/openai @langchain/core',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `import { ChatOpenAI } from '@langchain/openai'

const model = new ChatOpenAI({
  model: ${single(name)},
  apiKey: ${single(key)},
  configuration: { baseURL: ${single(openAiBaseUrl)} },
})
const answer = await model.invoke('Hello')
console.log(answer.content)`,
    },
  ],
  assistants: [
    {
      title: 'Claude Code',
      where: 'shell',
      endpoint: MESSAGES,
      code: ({ anthropicBaseUrl, key, model: { name } }) => `unset ANTHROPIC_API_KEY
export ANTHROPIC_BASE_URL=${shell(anthropicBaseUrl)}
export ANTHROPIC_AUTH_TOKEN=${shell(key)}
export ANTHROPIC_MODEL=${shell(name)}
export ANTHROPIC_DEFAULT_HAIKU_MODEL=${shell(name)}
claude`,
    },
    {
      title: 'Codex CLI',
      where: '~/.codex/config.toml',
      endpoint: RESPONSES,
      code: ({ openAiBaseUrl, model: { name } }) => `model = ${text(name)}
model_provider = "latchkey"

[model_providers.latchkey]
name = "Latchkey"
base_url = ${text(openAiBaseUrl)}
env_key = "LATCHKEY_API_KEY"
wire_api = "responses"`,
    },
    {
      title: 'Codex CLI',
      where: 'shell',
      endpoint: RESPONSES,
      code: ({ key }) => `export LATCHKEY_API_KEY=${shell(key)}
codex`,
    },
    {
      title: 'Cline',
      where: 'Settings',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `API Provider: OpenAI Compatible
Base URL: ${openAiBaseUrl}
API Key: ${key}
Model ID: ${name}`,
    },
    {
      title: 'Continue',
      where: '~/.continue/config.yaml',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `name: Latchkey
version: 0.0.1
schema: v1
models:
  - name: ${text(name)}
    provider: openai
    model: ${text(name)}
    apiBase: ${text(openAiBaseUrl)}
    apiKey: ${text(key)}`,
    },
    {
      title: 'Aider',
      where: 'shell',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) => `export OPENAI_API_BASE=${shell(openAiBaseUrl)}
export OPENAI_API_KEY=${shell(key)}
aider --model ${shell(`openai/${name}`)}`,
    },
    {
      title: 'opencode',
      where: 'opencode.json',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, key, model: { name } }) =>
        json({
          $schema: 'https://opencode.ai/config.json',
          provider: {
            latchkey: {
              npm: '@ai-sdk/openai-compatible',
              name: 'Latchkey',
              options: { baseURL: openAiBaseUrl, apiKey: key },
              models: { [name]: { name } },
            },
          },
        }),
    },
    {
      title: 'Zed',
      where: 'settings.json',
      endpoint: CHAT,
      code: ({ openAiBaseUrl, model: { name, contextTokens } }) =>
        json({
          language_models: {
            openai_compatible: {
              latchkey: {
                api_url: openAiBaseUrl,
                available_models: [{ name, display_name: name, max_tokens: contextTokens ?? CAUTIOUS_CONTEXT_TOKENS }],
              },
            },
          },
        }),
    },
    {
      title: 'Zed',
      where: 'shell',
      endpoint: CHAT,
      code: ({ key }) => `export LATCHKEY_API_KEY=${shell(key)}
zed`,
    },
  ],
}
