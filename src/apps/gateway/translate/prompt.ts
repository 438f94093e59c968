import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import type { Abilities } from './abilities.ts'
import type { ParameterReport } from './report.ts'

type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart

/** What a package is told of one part of a prompt. */
export type PartOptions = NonNullable<LanguageModelV4TextPart['providerOptions']>

/** Puts messages together as the provider takes them, whatever dialect they came in. */
export interface PromptBuilder {
  /** Text from whoever runs the program. Where the provider has no place for it among the messages, it is moved to the start. */
  system(text: string, options?: PartOptions): void
  user(parts: readonly UserPart[]): void
  assistant(parts: Extract<LanguageModelV4Message, { role: 'assistant' }>['content']): void
  /** `files` came with the result and follow it: in it, or in a message of their own where results hold text alone. */
  toolResult(result: LanguageModelV4ToolResultPart, files: readonly LanguageModelV4FilePart[]): void
  prompt(): LanguageModelV4Prompt
}

export function createPromptBuilder({ abilities, report }: { abilities: Abilities; report: ParameterReport }): PromptBuilder {
  const systems: Extract<LanguageModelV4Message, { role: 'system' }>[] = []
  const messages: LanguageModelV4Prompt = []
  let following: LanguageModelV4FilePart[] = []
  /** Results of calls that were made side by side stand together; what follows them comes after the last one. */
  const endResults = (): void => {
    if (following.length > 0) messages.push({ role: 'user', content: following })
    following = []
  }
  const last = (): LanguageModelV4Message | undefined => messages.at(-1)
  return {
    system: (content, providerOptions) => {
      const message = { role: 'system' as const, content, ...(providerOptions && { providerOptions }) }
      if (messages.length > 0 && abilities.systemAnywhere) {
        endResults()
        messages.push(message)
        return
      }
      if (messages.length > 0) report.mapped('messages.system', 'moved to the start')
      systems.push(message)
    },
    user: (parts) => {
      const content = withoutEmpty([...following, ...parts])
      following = []
      if (content.length > 0) messages.push({ role: 'user', content })
    },
    assistant: (parts) => {
      endResults()
      if (parts.length > 0) messages.push({ role: 'assistant', content: parts })
    },
    toolResult: (result, files) => {
      const carried = files.length === 0 ? result : withFiles(result, files, abilities)
      if (files.length > 0 && !abilities.filesInToolResults) {
        report.mapped('messages.tool_result.content', 'files moved to the next message')
        following.push(...files)
      }
      const before = last()
      if (before?.role === 'tool') before.content.push(carried)
      else messages.push({ role: 'tool', content: [carried] })
    },
    prompt: () => {
      endResults()
      return [...systems, ...messages]
    },
  }
}

/** Empty texts are refused by some; a message of nothing else keeps one, so that it stays a message. */
function withoutEmpty(parts: readonly UserPart[]): UserPart[] {
  const said = parts.filter((part) => part.type !== 'text' || part.text !== '')
  return said.length > 0 ? said : parts.slice(0, 1)
}

function withFiles(
  result: LanguageModelV4ToolResultPart,
  files: readonly LanguageModelV4FilePart[],
  { filesInToolResults }: Abilities,
): LanguageModelV4ToolResultPart {
  const { output } = result
  const text = output.type === 'text' || output.type === 'error-text' ? output.value : ''
  if (!filesInToolResults) {
    return text === '' ? { ...result, output: { type: 'text', value: `${files.length} file(s), in the next message` } } : result
  }
  return {
    ...result,
    output: {
      type: 'content',
      value: [
        ...(text === '' ? [] : [{ type: 'text' as const, text }]),
        ...files.map(({ mediaType, data }) => ({ type: 'file' as const, mediaType, data })),
      ],
    },
  }
}
