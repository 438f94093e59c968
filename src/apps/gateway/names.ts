import { AppError } from '../../base/errors.ts'
import type { GatewayModel } from '../../contract/gateway.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import { modelFacts } from '../../prices/models.ts'
import { modelKindOf } from '../../providers/model-kind.ts'
import { findProvider } from '../../providers/registry.ts'
import { isTranslated } from './dialects.ts'
import type { Directory } from './directory.ts'
import { ENDPOINTS } from './endpoints.ts'
import { namesFor } from './models.ts'
import { type ResolvedCandidate, resolveModel } from './resolve.ts'

/** A short question: candidates that are for long inputs alone are not for it. */
const SHORT_CHARACTERS = 200

/** The names that a virtual key can really ask for, with what they are for and where they can be asked. */
export function askableModels(key: VirtualKey, directory: Directory, at: Date): GatewayModel[] {
  return namesFor(key, directory, at).flatMap((name) => {
    const asked = firstAsked({ name: name.id, key, directory, at })
    if (!asked) return []
    const { provider: providerId, model, standsFor } = asked.candidate
    const provider = findProvider(providerId)
    const kind = modelKindOf(provider, standsFor ?? model)
    if (!kind) return []
    const endpoints = ENDPOINTS.filter(({ context, protocol, offerOf }) => {
      const offered = context === kind ? offerOf(provider, model) : undefined
      return offered !== undefined && (offered.offer.protocol.id === protocol || isTranslated(protocol) || context === 'embeddings')
    })
    if (endpoints.length === 0) return []
    const { contextTokens = null, maxOutputTokens = null } = modelFacts({ provider: providerId, model, standsFor, at }) ?? {}
    return [{ name: name.id, kind, endpoints: endpoints.map(({ path }) => path), contextTokens, maxOutputTokens }]
  })
}

/** Whom the gateway would ask first for a name; undefined: nobody, because the key may not or the connection is revoked. */
export function firstAsked({
  name,
  key,
  directory,
  at,
}: {
  name: string
  key: VirtualKey
  directory: Directory
  at: Date
}): ResolvedCandidate | undefined {
  for (const usual of new Set(ENDPOINTS.map(({ context }) => context))) {
    try {
      const [first] = resolveModel({ asked: name, directory, scope: key, usual, inputCharacters: SHORT_CHARACTERS, at }).candidates
      if (first && directory.connections.has(first.slug)) return first
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
  }
  return undefined
}
