import { AppError } from '../base/errors.ts'
import { compareText } from '../base/text.ts'
import * as all from './all.ts'
import type { Provider } from './provider.ts'

/** Every provider, by id; in the order of their names. */
export const providers: Readonly<Record<string, Provider>> = registryOf(Object.values<Provider>(all))

/** A registry of these providers. @throws Error where two have one id: one of them would be gone. */
export function registryOf(list: readonly Provider[]): Readonly<Record<string, Provider>> {
  const byId: Record<string, Provider> = {}
  for (const provider of list.toSorted((a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase()))) {
    if (Object.hasOwn(byId, provider.id)) throw new Error(`two providers have the id ${provider.id}`)
    byId[provider.id] = provider
  }
  return byId
}

/** @throws AppError provider.unknown, naming the providers there are. */
export function findProvider(id: string): Provider {
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined
  if (!provider) throw new AppError('provider.unknown', `There is no such provider. Choose one of: ${Object.keys(providers).join(', ')}.`)
  return provider
}
