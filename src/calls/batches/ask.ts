import { AppError } from '../../base/errors.ts'
import type { BatchForm, BatchOffer, BatchQuestion } from '../../providers/batch.ts'
import { ProviderCallError, type Sent } from '../../providers/failure.ts'
import { parseJson } from '../../providers/parse-json.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import { retryAfterOf } from '../../providers/protocols/retry-after.ts'
import type { ProviderAnswer } from '../../providers/send.ts'
import { findProvider } from '../../providers/registry.ts'
import { MALFORMED } from '../attempt.ts'
import { freeCall } from '../free-request.ts'
import type { CallServices } from '../services.ts'
import { type Batch, destinationNow } from './rows.ts'

/** What a question about a batch came to. Its words cost nothing: only the requests in it are charged. */
export type Asked<T> =
  | { readonly kind: 'answered'; readonly value: T; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly sent: Sent }

/** On whose account a batch is asked about. */
export interface BatchAccount {
  readonly batch: Batch
  readonly provider: string
  readonly actor: string
  readonly member?: string | undefined
}

/** A batch's word with all its results in it is the longest that is read at once. */
const WORD_BYTES_AT_MOST = 64 * 1024 * 1024
const FILE_BYTES_AT_MOST = 1024 * 1024 * 1024
/** Less than the age at which intents count as left by a crash. */
const TIMEOUTS = { totalMs: 14 * 60_000 }

/** From its making to the first look, and between two looks at least. */
export const FIRST_LOOK_MS = 1_000

/** What a batch of ours is called at its provider. */
export const labelOf = (batchId: string): string => `latchkey-${batchId}`

export const batchOfferOf = (provider: string): BatchOffer => {
  const { batch } = findProvider(provider)
  if (!batch) throw new Error(`the provider ${provider} has no batch service`)
  return batch
}

export const formOf = (provider: string): BatchForm => batchOfferOf(provider).form

/** Asks one question, and reads its answer. */
export const askBatch = <T>(
  services: CallServices,
  account: BatchAccount,
  {
    question,
    read,
    signal,
    beta,
  }: { question: BatchQuestion; read: (body: unknown) => T | undefined; signal: AbortSignal; beta?: string | undefined },
): Promise<Asked<T>> =>
  withBatch(services, account, signal, async (ask) => {
    const answer = await ask(question, WORD_BYTES_AT_MOST, beta)
    const value = read(parsed(await answer.readAll()))
    if (value === undefined) throw new ProviderCallError(MALFORMED, 'maybe')
    return { value, retryAfterMs: retryAfterOf(answer.headers, { nowMs: services.clock.now().getTime(), isLimit: false }) }
  })

/** Reads a file as it comes. What `use` throws itself is thrown. */
export async function readFile(
  services: CallServices,
  account: BatchAccount,
  { question, use, signal }: { question: BatchQuestion; use: (chunks: AsyncIterable<Uint8Array>) => Promise<void>; signal: AbortSignal },
): Promise<Asked<undefined>> {
  let broken: { readonly error: unknown } | undefined
  const asked = await withBatch(services, account, signal, async (ask) => {
    const answer = await ask(question, FILE_BYTES_AT_MOST)
    await use(answer.chunks()).catch((error: unknown) => {
      if (!(error instanceof ProviderCallError)) broken = { error }
      throw error
    })
    return { value: undefined, retryAfterMs: undefined }
  })
  if (broken) throw broken.error
  return asked
}

/** The provider's file is asked only where the batch was sent: elsewhere nobody knows it. */
async function withBatch<T>(
  services: CallServices,
  { batch, provider, actor, member }: BatchAccount,
  signal: AbortSignal,
  use: (
    ask: (question: BatchQuestion, maxBodyBytes: number, beta?: string) => Promise<ProviderAnswer>,
  ) => Promise<{ value: T; retryAfterMs: number | undefined }>,
): Promise<Asked<T>> {
  const { workspaceId, connectionId, model, id, destination } = batch
  const now = await services.database.inWorkspace(workspaceId, (tx) => destinationNow(tx, connectionId))
  if (now?.isActive && now.destination !== destination) return { kind: 'failed', failure: MOVED, sent: 'no' }
  let failed: ProviderCallError | undefined
  const call = { workspaceId, connectionId, provider, actor, member, origin: `batch:${id}`, model, signal }
  try {
    const answered = await freeCall(services, call, async (ask) => {
      try {
        return await use(({ method, path, body, contentType = 'application/json' }, maxBodyBytes, beta) => {
          const headers = { 'content-type': contentType, ...(beta === undefined ? {} : { 'anthropic-beta': beta }) }
          return ask({ method, path, maxBodyBytes, timeouts: TIMEOUTS, ...(body ? { bytes: { body, headers } } : {}) })
        })
      } catch (error) {
        if (error instanceof ProviderCallError) failed = error
        throw error
      }
    })
    return { kind: 'answered', ...answered }
  } catch (error) {
    if (failed) return { kind: 'failed', failure: failed.failure, sent: failed.sent }
    if (!(error instanceof AppError)) throw error
    return { kind: 'failed', failure: { code: error.code, detail: error.detail, retryable: false }, sent: 'no' }
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch {
    throw new ProviderCallError(MALFORMED, 'maybe')
  }
}

const MOVED: ProviderFailure = {
  code: 'batch.unreachable',
  detail:
    'The connection leads elsewhere than when the batch was submitted, where nobody knows it. Enter its former address and key to collect the results.',
  retryable: false,
}
