import type { TokenRange } from './predict-output.ts'

/** Models that think before they answer, unasked; what they think counts as output and against the output limit. */
const THINKING = /^(?:openai\/)?(?:o[1-9]|gpt-[5-9])|reason|think|magistral|deepseek-r|qwq/i

const ROOM_TOKENS = 4_096
const LIKELY: TokenRange = { low: 0, high: 1_500 }
const NONE: TokenRange = { low: 0, high: 0 }

/** What a call's output limit leaves for thinking beside the answer, and what a quote expects of it; tokens a call. */
export function reasoningOf({ model }: { model: string }): { readonly room: number; readonly likely: TokenRange } {
  return THINKING.test(model) ? { room: ROOM_TOKENS, likely: LIKELY } : { room: 0, likely: NONE }
}
