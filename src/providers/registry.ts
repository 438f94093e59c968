import { AppError } from '../base/errors.ts'
import { anthropic } from './anthropic.ts'
import { anthropicCompatible } from './anthropic-compatible.ts'
import { mistral } from './mistral.ts'
import { openai } from './openai.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openrouter } from './openrouter.ts'
import { practice } from './practice.ts'
import type { Provider } from './provider.ts'

/** Every provider, by id. A new one is a file beside this and a line here. */
export const providers: Readonly<Record<string, Provider>> = Object.fromEntries(
  [openai, anthropic, openrouter, mistral, openaiCompatible, anthropicCompatible, practice].map((provider) => [provider.id, provider]),
)

/** @throws AppError provider.unknown, naming the providers there are. */
export function findProvider(id: string): Provider {
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined
  if (!provider) throw new AppError('provider.unknown', `There is no such provider. Choose one of: ${Object.keys(providers).join(', ')}.`)
  return provider
}
