import type { Dialect } from './endpoints.ts'
import { anthropicMessagesIn } from './translate/anthropic-messages-in.ts'
import { anthropicMessageOut } from './translate/anthropic-messages-out.ts'
import { anthropicMessagesStream } from './translate/anthropic-messages-stream.ts'
import { openaiChatIn } from './translate/openai-chat-in.ts'
import { openaiChatOut, openaiChatStream } from './translate/openai-chat-out.ts'
import { ANTHROPIC_NAMES, OPENAI_NAMES } from './translate/settings.ts'

/**
 * How a chat is read and answered in each dialect. `names`: the dialect's words for the packages' settings; `thinking`: for how
 * much is reasoned; `idPrefix`: how the ids of its answers begin.
 */
export const CHAT_DIALECTS = {
  openai: {
    read: openaiChatIn,
    write: openaiChatOut,
    stream: openaiChatStream,
    names: OPENAI_NAMES,
    thinking: 'reasoning_effort',
    idPrefix: 'chatcmpl-',
  },
  anthropic: {
    read: anthropicMessagesIn,
    write: anthropicMessageOut,
    stream: anthropicMessagesStream,
    names: ANTHROPIC_NAMES,
    thinking: 'thinking',
    idPrefix: 'msg_',
  },
} as const satisfies Readonly<Record<Dialect, object>>

/** The protocols that a chat can be translated from. */
export const isTranslated = (protocol: string): boolean => protocol === 'openai-chat' || protocol === 'anthropic-messages'
