import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import { base64Source, filePart, type FileSource, sourceOf } from './files.ts'
import { createPromptBuilder, type PartOptions, type PromptBuilder } from './prompt.ts'
import { arrayAt, type Block, malformed, objectAt, oneOf, stringAt } from './read.ts'
import type { Draft } from './settings.ts'
import { thinkingPart } from './thinking.ts'

type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart
type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number]

export interface BlocksPlace extends Draft {
  /** Whether the model behind the translation is Anthropic's own, which reads its thinking back. */
  readonly isClaude: boolean
}

/** Blocks of tools that ran at Anthropic: what they say is for Anthropic alone (encrypted, or by its own ids). */
const SERVER_BLOCK = /^(?:server_tool_use|\w+_tool_result)$/

/** `system` and `messages` as a prompt. @throws AppError request.invalid for what has not their form. */
export function promptOfAnthropic({ system, messages }: Block, place: BlocksPlace): ReturnType<PromptBuilder['prompt']> {
  const builder = createPromptBuilder(place)
  for (const { text, options } of system === undefined || system === null ? [] : textsOf(system, 'system', place))
    builder.system(text, options)
  const entries = arrayAt(messages, 'messages')
  if (entries.length === 0) throw malformed('messages', 'at least one message')
  const toolNames = new Map<string, string>()
  for (const [index, entry] of entries.entries()) {
    const path = `messages[${index}]`
    const message = objectAt(entry, path)
    for (const name of Object.keys(message)) if (name !== 'role' && name !== 'content') place.report.dropped(`messages.${name}`)
    const role = oneOf(message['role'], `${path}.role`, ['user', 'assistant', 'system'])
    const content = `${path}.content`
    if (role === 'system') for (const { text, options } of textsOf(message['content'], content, place)) builder.system(text, options)
    else if (role === 'user') addUser(builder, blocksOf(message['content'], content), { content, place, toolNames })
    else {
      builder.assistant(
        blocksOf(message['content'], content).flatMap((block, at) => assistantPart(block, `${content}[${at}]`, place, toolNames)),
      )
    }
  }
  return builder.prompt()
}

/** One text is a list of one block. */
function blocksOf(value: unknown, path: string): Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  return arrayAt(value, path).map((entry, index) => objectAt(entry, `${path}[${index}]`))
}

interface MarkedText {
  readonly text: string
  readonly options: PartOptions | undefined
}

function textsOf(value: unknown, path: string, place: BlocksPlace): MarkedText[] {
  return blocksOf(value, path).map((block, index) => {
    oneOf(block['type'], `${path}[${index}].type`, ['text'])
    return textAt(block, `${path}[${index}]`, place)
  })
}

function textAt(block: Block, at: string, place: BlocksPlace): MarkedText {
  return { text: stringAt(block['text'], `${at}.text`), options: marksOf(block, place) }
}

/** What is cached is paid for: Claude behind another interface has the same marks. Citations are Anthropic's own. */
function marksOf({ cache_control: cached, citations }: Block, { report, isClaude }: BlocksPlace): PartOptions | undefined {
  if (citations !== undefined && citations !== null) report.dropped('messages.citations', 'Anthropic’s citations')
  if (cached === undefined || cached === null) return undefined
  if (!isClaude) {
    report.dropped('messages.cache_control', 'Anthropic’s cache')
    return undefined
  }
  report.mapped('messages.cache_control')
  const ttl = objectAt(cached, 'cache_control')['ttl'] === '1h' ? { ttl: '1h' } : {}
  return { amazonBedrock: { cachePoint: { type: 'default', ...ttl } } }
}

const marked = (options: PartOptions | undefined): { providerOptions?: PartOptions } => (options ? { providerOptions: options } : {})

const textPart = ({ text, options }: MarkedText): LanguageModelV4TextPart => ({ type: 'text', text, ...marked(options) })

interface UserPlace {
  readonly content: string
  readonly place: BlocksPlace
  readonly toolNames: ReadonlyMap<string, string>
}

/** Results first, as Anthropic wants them; then what the person says. */
function addUser(builder: PromptBuilder, blocks: readonly Block[], { content, place, toolNames }: UserPlace): void {
  const parts: UserPart[] = []
  for (const [index, block] of blocks.entries()) {
    const at = `${content}[${index}]`
    if (block['type'] === 'tool_result') addResult(builder, block, { content: at, place, toolNames })
    else parts.push(...userParts(block, at, place))
  }
  if (parts.length > 0) builder.user(parts)
}

function userParts(block: Block, at: string, place: BlocksPlace): UserPart[] {
  const type = stringAt(block['type'], `${at}.type`)
  if (type === 'text') return [textPart(textAt(block, at, place))]
  const marks = marked(marksOf(block, place))
  if (type === 'image') {
    if (block['transformations'] !== undefined && block['transformations'] !== null) place.report.dropped('messages.image.transformations')
    const own = { parameter: 'messages.image', mediaType: 'image/*' } as const
    return sourceParts(objectAt(block['source'], `${at}.source`), at, place, own).map((part) => ({ ...part, ...marks }))
  }
  if (type === 'document') {
    const title = typeof block['title'] === 'string' ? block['title'] : undefined
    const context = typeof block['context'] === 'string' ? [{ type: 'text' as const, text: block['context'] }] : []
    const own = { parameter: 'messages.document', mediaType: 'application/pdf', title } as const
    return [...context, ...sourceParts(objectAt(block['source'], `${at}.source`), at, place, own).map((part) => ({ ...part, ...marks }))]
  }
  if (type === 'search_result') {
    const { title, source, content } = block
    const texts = textsOf(content, `${at}.content`, place).map(({ text }) => text)
    place.report.mapped('messages.search_result', 'as text of the message')
    return [{ type: 'text', text: [stringAt(title, `${at}.title`), stringAt(source, `${at}.source`), ...texts].join('\n'), ...marks }]
  }
  if (SERVER_BLOCK.test(type)) place.report.dropped(`messages.${type}`, 'of a tool that ran at Anthropic')
  else place.report.refused(`messages.${type}`, 'blocks of this type are Anthropic’s own.', at)
  return []
}

function sourceParts(
  source: Block,
  at: string,
  place: BlocksPlace,
  own: { readonly parameter: string; readonly mediaType: 'image/*' | 'application/pdf'; readonly title?: string | undefined },
): UserPart[] {
  const path = `${at}.source`
  const put = (found: FileSource): UserPart[] => {
    const part = filePart(found, { ...place, ...own, path: at })
    return part ? [part] : []
  }
  switch (oneOf(source['type'], `${path}.type`, ['base64', 'url', 'text', 'content', 'file'])) {
    case 'base64':
      return put(
        base64Source(stringAt(source['data'], `${path}.data`), stringAt(source['media_type'], `${path}.media_type`), `${path}.data`),
      )
    case 'url':
      return put(sourceOf(stringAt(source['url'], `${path}.url`), `${path}.url`, own.mediaType))
    case 'text':
      return put({ kind: 'text', text: stringAt(source['data'], `${path}.data`) })
    case 'content':
      return blocksOf(source['content'], `${path}.content`).flatMap((block, index) => {
        oneOf(block['type'], `${path}.content[${index}].type`, ['text', 'image'])
        return userParts(block, `${path}.content[${index}]`, place)
      })
    case 'file':
      place.report.refused(own.parameter, 'files that are kept at Anthropic are not there for another provider: send the data.', at)
      return []
  }
}

function addResult(builder: PromptBuilder, block: Block, { content: at, place, toolNames }: UserPlace): void {
  const marks = marked(marksOf(block, place))
  const toolCallId = stringAt(block['tool_use_id'], `${at}.tool_use_id`)
  const toolName = toolNames.get(toolCallId)
  if (toolName === undefined) throw malformed(`${at}.tool_use_id`, 'the id of a tool_use block in an earlier message')
  const parts = blocksOf(block['content'] ?? [], `${at}.content`).flatMap((part, index) =>
    userParts(part, `${at}.content[${index}]`, place),
  )
  const value = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const type = block['is_error'] === true ? 'error-text' : 'text'
  const result: LanguageModelV4ToolResultPart = { type: 'tool-result', toolCallId, toolName, output: { type, value }, ...marks }
  builder.toolResult(
    result,
    parts.filter((part) => part.type === 'file'),
  )
}

function assistantPart(block: Block, at: string, place: BlocksPlace, toolNames: Map<string, string>): AssistantPart[] {
  const type = stringAt(block['type'], `${at}.type`)
  if (type === 'thinking' || type === 'redacted_thinking') return thinkingPart(block, at, place)
  if (type === 'text') {
    const text = textPart(textAt(block, at, place))
    return text.text === '' ? [] : [text]
  }
  if (type === 'tool_use') {
    const marks = marked(marksOf(block, place))
    const toolCallId = stringAt(block['id'], `${at}.id`)
    const toolName = stringAt(block['name'], `${at}.name`)
    toolNames.set(toolCallId, toolName)
    return [{ type: 'tool-call', toolCallId, toolName, input: objectAt(block['input'] ?? {}, `${at}.input`), ...marks }]
  }
  if (SERVER_BLOCK.test(type)) place.report.dropped(`messages.${type}`, 'of a tool that ran at Anthropic')
  else place.report.refused(`messages.${type}`, 'blocks of this type are Anthropic’s own.', at)
  return []
}
