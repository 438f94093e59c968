import { and, eq } from 'drizzle-orm'
import { recordAudit } from '../../audit/audit.ts'
import { AppError, type ErrorCode } from '../../base/errors.ts'
import { freeRequest, type Offered } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import type { CheckResult, CheckView } from '../../contract/connections.ts'
import type { Connection } from '../../connections/connections.ts'
import { connections } from '../../db/schema/index.ts'
import { findProvider } from '../../providers/registry.ts'

/** A person waits for the answer. */
const TIMEOUTS = { headersMs: 15_000, firstByteMs: 15_000, idleMs: 15_000, totalMs: 25_000 }

export interface CheckQuestion {
  readonly workspaceId: string
  readonly actor: string
  readonly connection: Pick<Connection, 'id' | 'provider' | 'keyVersion'>
  /** A key that is not saved, and where it would be used; without: the connection's own key. */
  readonly offered?: Offered
  readonly signal: AbortSignal
}

export interface Checked {
  readonly result: CheckResult
  readonly detail: string
  readonly at: Date
}

/**
 * Asks a provider, free of charge, what it thinks of a key; along the path of every call, so that the use of the key is on
 * record before it leaves. A test of the connection's own key is kept on its row; one of an offered key in the audit alone.
 * @throws AppError for what is not the provider's word: destination.refused, key.missing, key.invalid, key.unreadable, connection.revoked.
 */
export async function checkKey(
  services: CallServices,
  { workspaceId, actor, connection, offered, signal }: CheckQuestion,
): Promise<Checked> {
  const { id, provider, keyVersion } = connection
  const { checkKey: check } = findProvider(provider)
  const found = await freeRequest(services, {
    workspaceId,
    connectionId: id,
    provider,
    method: check.method,
    path: check.path,
    beside: check.beside,
    body: check.body,
    actor,
    origin: 'test',
    signal,
    timeouts: TIMEOUTS,
    offered,
  }).then(
    (body) => {
      const said = check.read(body)
      return FOUND[said === 'ok' && check.proves === 'address' ? 'unproven' : said]
    },
    (error: unknown) => {
      const result = error instanceof AppError ? RESULT_OF[error.code] : undefined
      if (!result) throw error
      if (check.proves === 'refusal' && (error as AppError).code === 'provider.request_refused') return FOUND.unproven
      return { result, detail: detailOf(result, error as AppError) }
    },
  )
  const checked: Checked = { ...found, at: services.clock.now() }
  await services.database.inWorkspace(workspaceId, async (tx) => {
    if (!offered) {
      await tx
        .update(connections)
        .set({ checkedAt: checked.at, checkResult: { result: checked.result, detail: checked.detail } })
        .where(and(eq(connections.id, id), eq(connections.keyVersion, keyVersion))) // of a key that was replaced meanwhile it says nothing
    }
    await recordAudit(tx, {
      workspaceId,
      actor,
      action: offered ? 'key.tested' : 'connection.tested',
      subject: `connection:${id}`,
      detail: { provider, result: checked.result },
    })
  })
  return checked
}

export const toCheckView = ({ result, detail, at }: Checked): CheckView => ({ result, detail, at: at.toISOString() })

const FOUND = {
  ok: { result: 'ok', detail: 'The provider knows the key.' },
  no_credit: {
    result: 'no_credit',
    detail: 'The provider knows the key, but its credit or its own limit is used up. Top it up at the provider.',
  },
  blocked: { result: 'bad_key', detail: 'The provider knows the key and has switched it off. Look at it on the provider’s key page.' },
  unproven: {
    result: 'unproven',
    detail: 'The provider is there. It has no free request that would prove the key: whether it is good shows at the first call.',
  },
  elsewhere: {
    result: 'wrong_region_or_host',
    detail: 'A server answered, but not as this provider does. Check the base URL: its path and its region.',
  },
} as const satisfies Record<string, { result: CheckResult; detail: string }>

/** What is the provider's word about the key, or about the way to it. Everything else is an error of its own. */
const RESULT_OF: Partial<Record<ErrorCode, CheckResult>> = {
  'provider.bad_key': 'bad_key',
  'provider.no_permission': 'ok_limited',
  'provider.no_credit': 'no_credit',
  'provider.rate_limited': 'rate_limited',
  'provider.model_missing': 'wrong_region_or_host',
  'provider.request_refused': 'wrong_region_or_host',
  'provider.content_refused': 'wrong_region_or_host',
  'provider.redirected': 'wrong_region_or_host',
  'provider.answer_malformed': 'wrong_region_or_host',
  'provider.answer_too_large': 'wrong_region_or_host',
  'provider.unreachable': 'unreachable',
  'provider.timeout': 'unreachable',
  'provider.cut_off': 'unreachable',
  'provider.overloaded': 'unreachable',
  'provider.failed': 'unreachable',
}

const OWN_DETAIL: Partial<Record<ErrorCode, string>> = {
  'provider.model_missing': 'The server has no list of models at this address. Check the base URL: its path and its region.',
  'provider.request_refused': 'The server has no list of models at this address. Check the base URL: its path and its region.',
}

const detailOf = (result: CheckResult, { code, detail }: AppError): string =>
  result === 'wrong_region_or_host' ? (OWN_DETAIL[code] ?? detail) : detail
