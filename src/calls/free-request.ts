import { AppError } from '../base/errors.ts'
import { type CallIntent, CONNECTION_CHECK } from '../ledger/intent.ts'
import { ProviderCallError } from '../providers/failure.ts'
import { parseJson } from '../providers/parse-json.ts'
import { findProvider } from '../providers/registry.ts'
import { newId } from '../runtime/ids.ts'
import { failureFrom, requireSuccess, withConnectionKey } from './attempt.ts'
import type { CallServices } from './services.ts'

/**
 * A GET that a provider answers free of charge (its list of models, the check of a key), along the same path as every
 * call: intent, key, send, entry. @returns the parsed body. @throws AppError with what the provider refused.
 */
export async function freeRequest(
  services: CallServices,
  {
    workspaceId,
    connectionId,
    provider: providerId,
    path,
    actor,
    origin,
    signal,
  }: { workspaceId: string; connectionId: string; provider: string; path: string; actor: string; origin: string; signal: AbortSignal },
): Promise<unknown> {
  const { ledger, clock, sender } = services
  const provider = findProvider(providerId)
  const intent: CallIntent = {
    id: newId(),
    workspaceId,
    connectionId,
    actor,
    origin,
    context: CONNECTION_CHECK,
    attempt: 1,
    requestedModel: '',
    worstCaseNano: 0n,
    currency: 'USD',
    budgetIds: [],
  }
  const admission = await ledger.intend(intent)
  if (admission.kind !== 'admitted') throw new AppError('connection.missing', 'This connection is gone or was revoked.')
  const { connection, intendedAt } = admission
  const cost = { nano: 0n, currency: 'USD', source: 'free' as const, rowIds: [] }
  const ended = { intent, intendedAt, keyVersion: connection.keyVersion, cost }
  try {
    const { status, body } = await withConnectionKey({ services, workspaceId, connection, provider }, async (key) => {
      const answer = await sender.send({
        provider,
        destination: connection.destination,
        method: 'GET',
        path,
        signal,
        ...(key ? { key } : {}),
      })
      const bytes = await answer.readAll()
      requireSuccess({ protocol: provider.chat.protocol, answer, bytes, key })
      return { status: answer.status, body: parseJson(bytes) }
    })
    await ledger.settle({ ...ended, outcome: 'succeeded', status, endedAt: clock.now() })
    return body
  } catch (error) {
    const failure = failureFrom(error)
    const outcome = error instanceof ProviderCallError && error.sent === 'no' ? 'not_sent' : 'failed'
    await ledger.settle({ ...ended, outcome, errorCode: failure.code, endedAt: clock.now() })
    throw error instanceof AppError ? error : new AppError(failure.code, failure.detail)
  }
}
