import type { TokenRange } from './predict-output.ts'

/**
 * Models that think before they answer, unasked; what they think counts as output and against the output limit. By name,
 * with or without a vendor before it: no price table says which models do, only which can. Where a name is missing here,
 * the first answers teach it (token-bounds.ts).
 */
const THINKING = new RegExp(
  [
    'think|reason|magistral|qwq|deep-research',
    '(?:^|[/~])(?:o[1-9]|gpt-(?:[5-9]|oss|latest|mini-latest)|codex-mini)',
    'gemini-(?:2\\.5|[3-9]|flash-latest|pro-latest)',
    'grok-(?:3-mini|[4-9]|code|build)',
    // Of Qwen 3 the hybrids, named by their size alone; from 3.5 on all.
    'qwen-?3(?:\\.[5-9]|(?:[:-]\\d+(?:\\.\\d+)?b(?:-a\\d+b)?)?(?::(?!\\d)|$))',
    'deepseek-(?:r\\d|v[4-9])',
    'kimi-(?:k2\\.[5-9]|k[3-9]|latest)',
    'glm-(?:4\\.[5-9]|[5-9])',
    'minimax-m\\d',
    'nemotron-(?:[3-9]|nano|super|ultra)',
    'seed-\\d|step-[3-9]|mimo-v\\d|/ring-',
  ].join('|'),
  'i',
)
const ANSWERS_AT_ONCE = /non-?(?:reason|think)|no-?think|instruct|-coder|gpt-5-chat/i

const ROOM_TOKENS = 4_096
const LIKELY: TokenRange = { low: 0, high: 1_500 }
const NONE: TokenRange = { low: 0, high: 0 }

/** What a call's output limit leaves for thinking beside the answer, and what a quote expects of it; tokens a call. */
export function reasoningOf({ model }: { model: string }): { readonly room: number; readonly likely: TokenRange } {
  const thinks = THINKING.test(model) && !ANSWERS_AT_ONCE.test(model)
  return thinks ? { room: ROOM_TOKENS, likely: LIKELY } : { room: 0, likely: NONE }
}
