import { objectOf } from '../../base/json.ts'

/**
 * What a model wrote in one event of a stream, protocol by protocol: text, thinking and the arguments of tools, in the order in
 * which they came. For counting: kinds are not told apart.
 */

const word = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const json = (value: unknown): string => (value === undefined || value === null ? '' : JSON.stringify(value))

export function saidByOpenAiChat(event: unknown): string {
  let said = ''
  for (const choice of list(objectOf(event)?.['choices'])) {
    const delta = objectOf(objectOf(choice)?.['delta'])
    if (!delta) continue
    said += word(delta['reasoning_content'] ?? delta['reasoning']) + word(delta['content']) + word(delta['refusal'])
    for (const call of list(delta['tool_calls'])) {
      const made = objectOf(objectOf(call)?.['function'])
      said += word(made?.['name']) + word(made?.['arguments'])
    }
  }
  return said
}

export function saidByOpenAiResponses(event: unknown): string {
  const { type, delta } = objectOf(event) ?? {}
  return WRITTEN.test(word(type)) ? word(delta) : ''
}

const WRITTEN = /(?:text|refusal|arguments|input|code)\.delta$/

export function saidByAnthropic(event: unknown): string {
  const { delta, content_block: block } = objectOf(event) ?? {}
  const said = objectOf(delta)
  return word(said?.['text']) + word(said?.['thinking']) + word(said?.['partial_json']) + word(objectOf(block)?.['name'])
}

export function saidByGemini(event: unknown): string {
  let said = ''
  for (const candidate of list(objectOf(event)?.['candidates'])) {
    for (const part of list(objectOf(objectOf(candidate)?.['content'])?.['parts'])) {
      const { text, functionCall } = objectOf(part) ?? {}
      said += word(text) + word(objectOf(functionCall)?.['name']) + json(objectOf(functionCall)?.['args'])
    }
  }
  return said
}

export function saidByCohere(event: unknown): string {
  const message = objectOf(objectOf(objectOf(event)?.['delta'])?.['message'])
  const content = objectOf(message?.['content'])
  const made = objectOf(objectOf(message?.['tool_calls'])?.['function'])
  return (
    word(content?.['text']) + word(content?.['thinking']) + word(message?.['tool_plan']) + word(made?.['name']) + word(made?.['arguments'])
  )
}

export function saidByBedrock(event: unknown): string {
  const { contentBlockDelta: delta, contentBlockStart: start } = objectOf(event) ?? {}
  const said = objectOf(objectOf(delta)?.['delta'])
  const tool = objectOf(objectOf(objectOf(start)?.['start'])?.['toolUse'])
  return (
    word(said?.['text']) +
    word(objectOf(said?.['reasoningContent'])?.['text']) +
    word(objectOf(said?.['toolUse'])?.['input']) +
    word(tool?.['name'])
  )
}

export function saidByOllama(event: unknown): string {
  const message = objectOf(objectOf(event)?.['message'])
  const calls = list(message?.['tool_calls']).map((call) => json(objectOf(call)?.['function']))
  return word(message?.['thinking']) + word(message?.['content']) + calls.join('')
}
