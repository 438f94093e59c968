import { AppError } from '../../base/errors.ts'
import { compareText } from '../../base/text.ts'
import { freeRequest } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import { requireConnection } from '../../connections/change.ts'
import type { LanguageView } from '../../contract/connections.ts'
import { offerOf } from '../../providers/asked.ts'
import type { OfferedLanguage } from '../../providers/offer.ts'
import { findProvider } from '../../providers/registry.ts'

/** The languages that a connection translates now, by name. @throws AppError connection.missing, provider.does_not_serve, and what the provider refuses. */
export async function languagesOf(
  services: CallServices,
  { workspaceId, actor, id, signal }: { workspaceId: string; actor: string; id: string; signal: AbortSignal },
): Promise<OfferedLanguage[]> {
  const { provider } = await services.database.inWorkspace(workspaceId, (tx) => requireConnection(tx, id))
  const { path, read } = offerOf(findProvider(provider), 'translation').languages
  const languages = read(await freeRequest(services, { workspaceId, connectionId: id, provider, path, actor, origin: 'languages', signal }))
  if (!languages)
    throw new AppError('provider.answer_malformed', 'The server answered, but not with a list of languages. Check the base URL.')
  return languages.toSorted((a, b) => compareText(a.name, b.name))
}

export const toLanguageView = ({ code, name, isSource, isTarget, hasFormality }: OfferedLanguage): LanguageView => ({
  code,
  name,
  source: isSource,
  target: isTarget,
  formality: hasFormality ?? null,
})
