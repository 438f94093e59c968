import { AppError } from '../../base/errors.ts'
import type { CallServices } from '../../calls/services.ts'
import { embeddingsOfferOf } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { isTranslated } from './dialects.ts'
import { passEmbeddings } from './embeddings-translated.ts'
import { type Passed, passOn, type Try } from './same-dialect.ts'
import { passTranslated } from './translated.ts'

/**
 * Asks one candidate: in the program's own bytes where it speaks the program's dialect, in its own words where it does not.
 * @throws AppError provider.does_not_serve, and what a translation refuses. Nothing was sent then.
 */
export async function pass(services: CallServices, one: Try): Promise<Passed> {
  const { endpoint } = one.request
  const { provider: id, model } = one.resolved.candidate
  const provider = findProvider(id)
  const offered = endpoint.offerOf(provider, model)
  if (!offered) throw new AppError('provider.does_not_serve', `${provider.name} does not offer what ${endpoint.path} asks for.`)
  if (offered.offer.protocol.id === endpoint.protocol) return passOn(services, one, offered)
  if (isTranslated(endpoint.protocol)) return passTranslated(services, one)
  if (endpoint.context === 'embeddings') return passEmbeddings(services, one, embeddingsOfferOf(provider, model))
  throw new AppError(
    'provider.does_not_serve',
    `${provider.name} speaks a dialect of its own here, and requests to ${endpoint.path} are not translated. Name another connection.`,
  )
}
