import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
} from '@ai-sdk/provider'
import { objectOf, textOf } from '../../../base/json.ts'
import type { Abilities } from './abilities.ts'
import { base64Source, filePart, type FileSource, sourceOf } from './files.ts'
import { createPromptBuilder } from './prompt.ts'
import { arrayAt, type Block, malformed, objectAt, oneOf, stringAt } from './read.ts'
import type { ParameterReport } from './report.ts'

type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart

interface Place {
  readonly abilities: Abilities
  readonly report: ParameterReport
}

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

/** Fields of a message that are read here or mean nothing for the answer; all others are reported as dropped. */
const READ = new Set(['role', 'content', 'refusal', 'tool_calls', 'tool_call_id', 'audio', 'function_call'])

/** The messages of a chat completions request as a prompt. @throws AppError request.invalid for what has not their form. */
export function promptOfOpenai(value: unknown, place: Place): LanguageModelV4Prompt {
  const messages = arrayAt(value, 'messages')
  if (messages.length === 0) throw malformed('messages', 'at least one message')
  const builder = createPromptBuilder(place)
  const toolNames = new Map<string, string>()
  for (const [index, entry] of messages.entries()) {
    const path = `messages[${index}]`
    const message = objectAt(entry, path)
    dropUnread(message, place.report)
    switch (oneOf(message['role'], `${path}.role`, ROLES)) {
      case 'system':
      case 'developer':
        builder.system(textsOf(message['content'], `${path}.content`, place).join('\n'))
        break
      case 'user':
        builder.user(userParts(message['content'], `${path}.content`, place))
        break
      case 'assistant':
        builder.assistant(assistantParts(message, path, place, toolNames))
        break
      case 'tool': {
        const toolCallId = stringAt(message['tool_call_id'], `${path}.tool_call_id`)
        const toolName = toolNames.get(toolCallId)
        if (toolName === undefined) throw malformed(`${path}.tool_call_id`, 'the id of a tool call in an earlier message')
        const text = textsOf(message['content'], `${path}.content`, place).join('\n')
        builder.toolResult({ type: 'tool-result', toolCallId, toolName, output: { type: 'text', value: text } }, [])
        break
      }
      case 'function':
        place.report.refused('messages.function', 'messages of the role "function" have given way to "tool".', path)
    }
  }
  return builder.prompt()
}

function dropUnread(message: Block, report: ParameterReport): void {
  for (const [name, value] of Object.entries(message)) {
    if (!READ.has(name) && value !== null) report.dropped(`messages.${name}`, name.startsWith('reasoning') ? FOREIGN_REASONING : undefined)
  }
}

const FOREIGN_REASONING = 'reasoning of earlier answers is not sent to another provider'

/** Text alone: one text, or text parts. */
function textsOf(value: unknown, path: string, { report }: Place): string[] {
  if (typeof value === 'string') return [value]
  return arrayAt(value, path).map((entry, index) => {
    const part = objectAt(entry, `${path}[${index}]`)
    oneOf(part['type'], `${path}[${index}].type`, ['text'])
    dropBreakpoint(part, report)
    return stringAt(part['text'], `${path}[${index}].text`)
  })
}

function dropBreakpoint(part: Block, report: ParameterReport): void {
  if (part['prompt_cache_breakpoint'] !== undefined) report.dropped('messages.prompt_cache_breakpoint')
}

function userParts(value: unknown, path: string, place: Place): UserPart[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  return arrayAt(value, path).flatMap((entry, index) => {
    const at = `${path}[${index}]`
    const part = objectAt(entry, at)
    dropBreakpoint(part, place.report)
    switch (oneOf(part['type'], `${at}.type`, ['text', 'image_url', 'input_audio', 'file'])) {
      case 'text':
        return [{ type: 'text' as const, text: stringAt(part['text'], `${at}.text`) }]
      case 'image_url': {
        const picture = objectAt(part['image_url'], `${at}.image_url`)
        if (picture['detail'] !== undefined && picture['detail'] !== 'auto') place.report.dropped('messages.image_url.detail')
        const source = sourceOf(stringAt(picture['url'], `${at}.image_url.url`), `${at}.image_url.url`, 'image/*')
        if (source.kind === 'data' && !source.mediaType.startsWith('image/')) throw malformed(`${at}.image_url.url`, 'a picture')
        return listOf(filePart(source, { ...place, parameter: 'messages.image_url', path: at }))
      }
      case 'input_audio': {
        const sound = objectAt(part['input_audio'], `${at}.input_audio`)
        const format = oneOf(sound['format'], `${at}.input_audio.format`, ['wav', 'mp3'])
        const source = base64Source(stringAt(sound['data'], `${at}.input_audio.data`), `audio/${format}`, `${at}.input_audio.data`)
        return listOf(filePart(source, { ...place, parameter: 'messages.input_audio', path: at }))
      }
      case 'file':
        return fileParts(objectAt(part['file'], `${at}.file`), at, place)
    }
  })
}

const listOf = (part: UserPart | undefined): UserPart[] => (part ? [part] : [])

function fileParts(file: Block, at: string, place: Place): UserPart[] {
  if (file['file_id'] !== undefined && file['file_data'] === undefined) {
    place.report.refused('messages.file', 'files that are kept at OpenAI are not there for another provider: send the data.', at)
    return []
  }
  const data = stringAt(file['file_data'], `${at}.file.file_data`)
  const title = file['filename'] === undefined ? undefined : stringAt(file['filename'], `${at}.file.filename`)
  const source: FileSource = data.startsWith('data:')
    ? sourceOf(data, `${at}.file.file_data`, 'application/pdf')
    : base64Source(data, 'application/pdf', `${at}.file.file_data`)
  return listOf(filePart(source, { ...place, parameter: 'messages.file', path: at, title }))
}

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']

function assistantParts(message: Block, path: string, place: Place, toolNames: Map<string, string>): AssistantContent {
  const { report, abilities } = place
  if (message['audio'] !== undefined && message['audio'] !== null) {
    report.refused('messages.audio', 'spoken answers are kept at OpenAI: send their transcript as text.', `${path}.audio`)
  }
  if (message['function_call'] !== undefined && message['function_call'] !== null) {
    report.refused('messages.function_call', 'function calls have given way to "tool_calls".', `${path}.function_call`)
  }
  const calls = (message['tool_calls'] === undefined ? [] : arrayAt(message['tool_calls'] ?? [], `${path}.tool_calls`)).flatMap(
    (entry, index) => toolCallOf(objectAt(entry, `${path}.tool_calls[${index}]`), `${path}.tool_calls[${index}]`, place),
  )
  for (const { toolCallId, toolName } of calls) toolNames.set(toolCallId, toolName)
  const texts = [...answerTexts(message['content'] ?? message['refusal'] ?? [], `${path}.content`, place)].filter((text) => text !== '')
  if (texts.length > 0 && calls.length > 0 && !abilities.textBesideToolCalls) {
    report.dropped('messages.content', 'text beside tool calls')
  }
  return [...texts.map((text) => ({ type: 'text' as const, text })), ...calls]
}

function answerTexts(value: unknown, path: string, { report }: Place): string[] {
  if (typeof value === 'string') return [value]
  return arrayAt(value, path).map((entry, index) => {
    const at = `${path}[${index}]`
    const part = objectAt(entry, at)
    dropBreakpoint(part, report)
    const type = oneOf(part['type'], `${at}.type`, ['text', 'refusal'])
    return stringAt(part[type], `${at}.${type}`)
  })
}

function toolCallOf(call: Block, at: string, { report, abilities }: Place): LanguageModelV4ToolCallPart[] {
  if (call['type'] === 'custom') {
    report.refused('messages.tool_calls', CUSTOM_TOOLS, at)
    return []
  }
  const named = objectAt(call['function'], `${at}.function`)
  const thoughtSignature = textOf(objectOf(objectOf(call['extra_content'])?.['google'])?.['thought_signature'])
  if (thoughtSignature !== undefined && !abilities.signedToolCalls) report.dropped('messages.tool_calls.extra_content', FOREIGN_REASONING)
  return [
    {
      type: 'tool-call',
      toolCallId: stringAt(call['id'], `${at}.id`),
      toolName: stringAt(named['name'], `${at}.function.name`),
      input: argumentsOf(stringAt(named['arguments'] ?? '', `${at}.function.arguments`), `${at}.function.arguments`),
      ...(thoughtSignature !== undefined && abilities.signedToolCalls && { providerOptions: { google: { thoughtSignature } } }),
    },
  ]
}

export const CUSTOM_TOOLS = 'tools with a free text as input exist at OpenAI alone.'

/** OpenAI keeps them as text; everyone else as an object. */
function argumentsOf(text: string, path: string): Block {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed(path, 'JSON')
  }
  return objectAt(value, path)
}
