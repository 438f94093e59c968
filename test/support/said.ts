/** What an answer says, in nobody's dialect: read from a provider's own body by the plainest possible reader. */
export interface Said {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: unknown }[]
  readonly finish: string
}

/** A field of JSON by its path; undefined where there is none. */
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((found, key) => (found as Record<string | number, unknown> | null | undefined)?.[key], value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const word = (value: unknown): string => (typeof value === 'string' ? value : '')

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  STOP: 'stop',
  COMPLETE: 'stop',
  max_tokens: 'length',
  MAX_TOKENS: 'length',
  tool_use: 'tools',
  TOOL_CALL: 'tools',
  refusal: 'refusal',
  SAFETY: 'refusal',
  PROHIBITED_CONTENT: 'refusal',
}

function said(text: string, calls: Said['calls'], finish: unknown): Said {
  const reason = FINISH[word(finish)] ?? word(finish)
  return { text, calls, finish: reason === 'stop' && calls.length > 0 ? 'tools' : reason }
}

/** The body of a whole answer, or the list of a stream's events. */
export function saidBy(provider: string, body: unknown): Said {
  const read = { anthropic: saidByAnthropic, gemini: saidByGemini, cohere: saidByCohere, bedrock: saidByBedrock }[provider]
  if (!read) throw new Error(`no reader for ${provider}`)
  return read(body)
}

function saidByAnthropic(body: unknown): Said {
  const blocks: { type: unknown; text: string; name: string; input: unknown; json: string }[] = []
  let finish = at(body, 'stop_reason')
  const start = (block: unknown): void => {
    blocks.push({
      type: at(block, 'type'),
      text: word(at(block, 'text')),
      name: word(at(block, 'name')),
      input: at(block, 'input'),
      json: '',
    })
  }
  for (const block of list(at(body, 'content'))) start(block)
  for (const event of list(body)) {
    if (at(event, 'type') === 'content_block_start') start(at(event, 'content_block'))
    const block = blocks[at(event, 'index') as number]
    if (block) block.text += word(at(event, 'delta', 'text'))
    if (block) block.json += word(at(event, 'delta', 'partial_json'))
    if (at(event, 'type') === 'message_delta') finish = at(event, 'delta', 'stop_reason')
  }
  return said(
    blocks.map(({ type, text }) => (type === 'text' ? text : '')).join(''),
    blocks.flatMap(({ type, name, input, json }) =>
      type === 'tool_use' ? [{ name, input: json === '' ? input : (JSON.parse(json) as unknown) }] : [],
    ),
    finish,
  )
}

function saidByGemini(body: unknown): Said {
  const answers = Array.isArray(body) ? list(body) : [body]
  const parts = answers.flatMap((answer) => list(at(answer, 'candidates', 0, 'content', 'parts')))
  return said(
    parts.map((part) => (at(part, 'thought') === true ? '' : word(at(part, 'text')))).join(''),
    parts.flatMap((part) =>
      at(part, 'functionCall') ? [{ name: word(at(part, 'functionCall', 'name')), input: at(part, 'functionCall', 'args') ?? {} }] : [],
    ),
    answers.some((answer) => at(answer, 'promptFeedback', 'blockReason') !== undefined)
      ? 'refusal'
      : answers.map((answer) => at(answer, 'candidates', 0, 'finishReason')).findLast((reason) => reason !== undefined),
  )
}

function saidByCohere(body: unknown): Said {
  if (!Array.isArray(body)) {
    const message = at(body, 'message')
    const text = list(at(message, 'content'))
      .map((part) => (at(part, 'type') === 'text' ? word(at(part, 'text')) : ''))
      .join('')
    const calls = list(at(message, 'tool_calls')).map((call) => ({
      name: word(at(call, 'function', 'name')),
      input: (JSON.parse(word(at(call, 'function', 'arguments'))) as unknown) ?? {},
    }))
    return said(text, calls, at(body, 'finish_reason'))
  }
  const calls: { name: string; json: string }[] = []
  let text = ''
  let finish: unknown
  for (const event of list(body)) {
    const type = at(event, 'type')
    const call = at(event, 'delta', 'message', 'tool_calls')
    if (type === 'content-delta') text += word(at(event, 'delta', 'message', 'content', 'text'))
    if (type === 'tool-call-start') calls.push({ name: word(at(call, 'function', 'name')), json: word(at(call, 'function', 'arguments')) })
    if (type === 'tool-call-delta') calls.at(-1)!.json += word(at(call, 'function', 'arguments'))
    if (type === 'message-end') finish = at(event, 'delta', 'finish_reason')
  }
  return said(
    text,
    calls.map(({ name, json }) => ({ name, input: JSON.parse(json) as unknown })),
    finish,
  )
}

function saidByBedrock(body: unknown): Said {
  const content = list(at(body, 'output', 'message', 'content'))
  let text = content.map((block) => word(at(block, 'text'))).join('')
  let finish = at(body, 'stopReason')
  const calls = content.flatMap((block) =>
    at(block, 'toolUse') ? [{ name: word(at(block, 'toolUse', 'name')), input: at(block, 'toolUse', 'input'), json: '' }] : [],
  )
  for (const event of list(body)) {
    const started = at(event, 'contentBlockStart', 'start', 'toolUse')
    if (started) calls.push({ name: word(at(started, 'name')), input: {}, json: '' })
    text += word(at(event, 'contentBlockDelta', 'delta', 'text'))
    const json = word(at(event, 'contentBlockDelta', 'delta', 'toolUse', 'input'))
    if (json !== '') calls.at(-1)!.json += json
    finish = at(event, 'messageStop', 'stopReason') ?? finish
  }
  return said(
    text,
    calls.map(({ name, input, json }) => ({ name, input: json === '' ? input : (JSON.parse(json) as unknown) })),
    finish,
  )
}
