import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayModel, listVirtualKeyModels, readGateway } from '../../src/contract/gateway.ts'
import { addConnection } from '../../src/contract/connections.ts'
import { type Filling, type Snippet, type SnippetGroup, SNIPPETS } from '../../src/web/pages/gateway/snippets.ts'
import { type GatewayTest, startGatewayTest } from '../support/gateway.ts'

const ROOT = join(import.meta.dirname, '../..')

/** As a person runs what they pasted: a terminal's command, a program. */
const run = async (program: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, args, { cwd: ROOT, timeout: 30_000 })).stdout
const inTerminal = (code: string): Promise<string> => run('sh', ['-c', code])
const inNode = (code: string): Promise<string> => run(process.execPath, ['--input-type=module', '-e', code])

const snippet = (group: SnippetGroup, title: string): Snippet => SNIPPETS[group].find((one) => one.title === title)!

describe('the snippets of the Gateway page, pasted as they are', () => {
  let gateway: GatewayTest
  let filling: Filling
  beforeAll(async () => {
    gateway = await startGatewayTest()
    await gateway.owner.call(addConnection, { body: { provider: 'practice', slug: 'practice' } })
    const { token, id } = await gateway.virtualKey({ name: 'snippets' })
    const { items } = await gateway.owner.call(listVirtualKeyModels, { params: { virtualKeyId: id } })
    const model = items.find(({ name }) => name === 'practice/practice-1')!
    filling = { ...(await gateway.owner.call(readGateway)), key: token, model }
  })
  afterAll(() => gateway.close())

  it('curl asks in OpenAI’s way and in Anthropic’s', async () => {
    expect(JSON.parse(await inTerminal(snippet('curl', 'OpenAI').code(filling)))).toMatchObject({ object: 'chat.completion' })
    expect(JSON.parse(await inTerminal(snippet('curl', 'Anthropic').code(filling)))).toMatchObject({ type: 'message', role: 'assistant' })
  })

  it.each(['openai', '@anthropic-ai/sdk', 'AI SDK', 'LangChain'])('%s prints the answer', async (title) => {
    expect(await inNode(snippet('typescript', title).code(filling))).toContain('practice answer, not AI')
  })

  it('a name with quotes in it stays one name, in a terminal and in a program', async () => {
    const name = `it's "one" $(model) \\ name`
    const odd: Filling = { ...filling, model: { ...filling.model, name } satisfies GatewayModel }
    const refusal = JSON.parse(await inTerminal(snippet('curl', 'OpenAI').code(odd))) as { error: { message: string } }
    expect(refusal.error.message).toContain(name)
    const program = snippet('typescript', 'openai').code(odd)
    const [, said] = /model: (.*),\n/.exec(program)!
    expect(await inNode(`console.log(${said})`)).toBe(`${name}\n`)
    expect(JSON.parse(snippet('assistants', 'opencode').code(odd))).toMatchObject({
      provider: { latchkey: { models: { [name]: { name } } } },
    })
  })

  it('configurations of coding assistants hold the address, the key and the model', () => {
    const { openAiBaseUrl, anthropicBaseUrl, key, model } = filling
    for (const [title, [first, ...others]] of Map.groupBy(SNIPPETS.assistants, (one) => one.title)) {
      const text = [first!, ...others].map(({ code }) => code(filling)).join('\n')
      const address = first!.endpoint === '/v1/messages' ? anthropicBaseUrl : openAiBaseUrl
      for (const part of [address, key, model.name]) expect(text, title).toContain(part)
    }
    expect(JSON.parse(snippet('assistants', 'Zed').code(filling))).toMatchObject({
      language_models: { openai_compatible: { latchkey: { api_url: openAiBaseUrl, available_models: [{ max_tokens: 128_000 }] } } },
    })
  })

  it('no key is written into a file whose program reads it from its surroundings', () => {
    for (const title of ['Codex CLI', 'Zed']) {
      expect(snippet('assistants', title).code(filling)).not.toContain(filling.key)
      expect(SNIPPETS.assistants.filter((one) => one.title === title && one.code(filling).includes(filling.key))).toHaveLength(1)
    }
  })
})
