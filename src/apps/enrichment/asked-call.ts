import type { Usage } from '../../base/usage.ts'
import type { ChatCall } from '../../calls/chat-call.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { ObservedCall } from './observation.ts'
import { maxOutputTokens, outputSchema } from './output-schema.ts'
import { composePrompt, type ComposedPrompt } from './prompt.ts'
import { repairPrompt } from './read-answer.ts'
import type { Server } from './servers.ts'
import type { EnrichmentSubject } from './settle-call.ts'
import { type CallBound, inputTokensAtMost, outputLimit, promptTokens, type PromptTokens } from './token-bounds.ts'
import type { EnrichmentWork } from './work.ts'

/** What all calls about one recipe, or one part of it, share. */
interface Fixed {
  readonly schema: ReturnType<typeof outputSchema>
  readonly schemaText: string
}

const fixedParts = new WeakMap<Recipe, Fixed>()

/** The form of an answer. */
export function fixedOf(recipe: Recipe): Fixed {
  let fixed = fixedParts.get(recipe)
  if (!fixed) {
    const schema = outputSchema(recipe)
    fixedParts.set(recipe, (fixed = { schema, schemaText: JSON.stringify(schema) }))
  }
  return fixed
}

/** What is counted and bounded of a call before it is made. */
export interface AskedBounds {
  readonly tokens: PromptTokens
  readonly limit: number // of output, told to the provider
  readonly bound: CallBound
}

/** The prompt about products of which none was asked about before, or all were. */
export function promptFor(recipe: Recipe, open: readonly EnrichmentSubject[]): ComposedPrompt {
  const asked = open.map(({ item, values, first }) => ({ id: String(item.position), values, problems: first?.reading.problems ?? [] }))
  return isSecond(open) ? repairPrompt({ recipe, products: asked }) : composePrompt({ recipe, products: asked })
}

/** What a prompt comes to where it is asked of this server. */
export function askedBounds({
  recipe,
  open,
  prompt,
  schemaText,
  server: { counter, bounds, model },
}: {
  recipe: Recipe
  open: readonly EnrichmentSubject[]
  prompt: ComposedPrompt
  schemaText: string
  server: Server
}): AskedBounds {
  const tokens = promptTokens(counter, prompt)
  const inputTokens = inputTokensAtMost({ counter, prompt, tokens, schemaText })
  const usual = maxOutputTokens({ recipe, k: open.length, reasoningTokens: bounds.thinkingTokens() })
  const limit = outputLimit({ usual, cutShort: open.some(({ first }) => first?.cutShort), model, inputTokens })
  return { tokens, limit, bound: { inputTokensAtMost: inputTokens, outputTokensAtMost: limit } }
}

/** What a call says of its bounds: what earlier answers taught is reserved beside what is counted. */
export const callOf = ({
  server,
  tokens,
  limit,
  bound,
}: AskedBounds & { readonly server: Server }): Pick<
  ChatCall,
  'maxOutputTokens' | 'inputTokensAtMost' | 'outputTokensAtMost' | 'inputParts'
> => ({ maxOutputTokens: limit, ...server.bounds.raise(bound), inputParts: tokens })

/** An answer teaches the bounds of the next calls, and the quote where it was a first one. */
export function learnFrom(
  { servers, onAnswered }: Pick<EnrichmentWork, 'servers' | 'onAnswered'>,
  {
    usage,
    open,
    server,
    tokens,
    bound,
  }: {
    usage: Usage | undefined
    open: readonly EnrichmentSubject[]
    server: Server
    tokens: Readonly<Record<string, number>>
    bound: CallBound | undefined
  },
): void {
  if (!usage) return
  if (bound) server.bounds.learn(bound, billedTokens(usage))
  if (!isSecond(open)) onAnswered?.(observed({ usage, products: open.length, tokens }), servers.indexOf(server))
}

const isSecond = (open: readonly EnrichmentSubject[]): boolean => open.some(({ first }) => first !== undefined)

function observed({ usage, products, tokens }: { usage: Usage; products: number; tokens: Readonly<Record<string, number>> }): ObservedCall {
  const { input, output } = billedTokens(usage)
  const countedInputTokens = Object.values(tokens).reduce((sum, count) => sum + count, 0)
  return { products, outputTokens: output, inputTokens: input, countedInputTokens }
}

/** All that is billed as input, cached or not, and as output, seen or not; `thinking` is the part of it that is known to be. */
const billedTokens = (usage: Usage): { input: number; output: number; thinking: number } => ({
  input:
    (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0) + (usage.cache_write_long_tokens ?? 0),
  output: (usage.output_tokens ?? 0) + (usage.reasoning_tokens ?? 0),
  thinking: usage.reasoning_tokens ?? 0,
})
