import type { BatchStep } from './mock-batches.ts'

/** A batch in the mock, whatever dialect it came in. */
export interface MockBatch {
  readonly id: string
  readonly requests: readonly { readonly customId: string; readonly path: string; readonly body: unknown }[]
  readonly label: string | undefined
  readonly fileId?: string // that its requests came in
  readonly createdAt: Date
  state: 'working' | 'cancelling' | 'completed' | 'expired' | 'cancelled' | 'refused'
  readonly results: MockResult[]
}

export type MockResult =
  | { readonly customId: string; readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly customId: string; readonly kind: 'expired' | 'cancelled' }

/** One documented interface: written by its documentation, without a look at the product's code. */
interface BatchDialect {
  route(method: string, path: string): { step: BatchStep; id?: string } | undefined
  read(body: string, files: ReadonlyMap<string, string>): Pick<MockBatch, 'requests' | 'label' | 'fileId'>
  word(batch: MockBatch, disturb?: (lines: readonly string[]) => readonly string[]): unknown
  list(batches: readonly MockBatch[], hasMore: boolean): unknown
  /** Where results are files of the account: which. */
  files?(batch: MockBatch): string[]
  /** The lines of one file of results; `part` as `word` named it. */
  lines(batch: MockBatch, part: string): string[]
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1_000)
const DAY_S = 24 * 3_600
const isGood = (result: MockResult): boolean => result.kind === 'answered' && result.status === 200
const hasEnded = ({ state }: MockBatch): boolean => state !== 'working' && state !== 'cancelling'

function routes(table: readonly (readonly [method: string, path: RegExp, step: BatchStep])[]): BatchDialect['route'] {
  return (method, path) => {
    for (const [wanted, pattern, step] of table) {
      const match = method === wanted ? pattern.exec(path) : null
      if (match) return match[1] === undefined ? { step } : { step, id: decodeURIComponent(match[1]) }
    }
    return undefined
  }
}

/** @see https://platform.openai.com/docs/guides/batch */
const openai: BatchDialect = {
  route: routes([
    ['POST', /^\/v1\/files$/, 'upload'],
    ['POST', /^\/v1\/batches$/, 'create'],
    ['GET', /^\/v1\/batches$/, 'list'],
    ['GET', /^\/v1\/batches\/([^/]+)$/, 'look'],
    ['POST', /^\/v1\/batches\/([^/]+)\/cancel$/, 'cancel'],
    ['GET', /^\/v1\/files\/([^/]+)\/content$/, 'results'],
    ['DELETE', /^\/v1\/files\/([^/]+)$/, 'discard'],
  ]),
  read(body, files) {
    const { input_file_id: file, metadata, endpoint } = JSON.parse(body)
    return {
      fileId: file,
      label: metadata?.latchkey,
      requests: linesOf(files.get(file)!, (line) => ({ customId: line.custom_id, path: endpoint, body: line.body })),
    }
  },
  word(batch) {
    const { id, state, requests, results, createdAt, label } = batch
    const at = seconds(createdAt)
    const good = results.filter(isGood).length
    const isOver = hasEnded(batch) && state !== 'refused'
    return {
      id,
      object: 'batch',
      endpoint: '/v1/chat/completions',
      errors: state === 'refused' ? { object: 'list', data: [{ code: 'invalid_request', line: 1, message: 'wrong' }] } : null,
      input_file_id: batch.fileId,
      completion_window: '24h',
      status: { working: good > 0 ? 'in_progress' : 'validating', refused: 'failed' }[state as 'working' | 'refused'] ?? state,
      output_file_id: isOver && good > 0 ? `${id}.out` : null,
      error_file_id: isOver && good < requests.length ? `${id}.err` : null,
      created_at: at,
      expires_at: at + DAY_S,
      request_counts: { total: requests.length, completed: good, failed: results.length - good },
      metadata: label === undefined ? null : { latchkey: label },
    }
  },
  list: (batches, hasMore) => ({ object: 'list', data: batches.map((batch) => openai.word(batch)), has_more: hasMore }),
  files: (batch) => textsOf(openai.word(batch), ['output_file_id', 'error_file_id']),
  lines: (batch, part) =>
    batch.results
      .filter((result) => isGood(result) === (part === 'out'))
      .map((result) => JSON.stringify({ id: `batch_req_${result.customId}`, custom_id: result.customId, ...openAiOutcome(result) })),
}

function openAiOutcome(result: MockResult): object {
  if (result.kind === 'answered') {
    return { response: { status_code: result.status, request_id: `req-${result.customId}`, body: result.body }, error: null }
  }
  return { response: null, error: { code: `batch_${result.kind}`, message: `This request was not executed: the batch ${result.kind}.` } }
}

/** @see https://docs.mistral.ai/capabilities/batch */
const mistral: BatchDialect = {
  route: routes([
    ['POST', /^\/v1\/files$/, 'upload'],
    ['POST', /^\/v1\/batch\/jobs$/, 'create'],
    ['GET', /^\/v1\/batch\/jobs$/, 'list'],
    ['GET', /^\/v1\/batch\/jobs\/([^/]+)$/, 'look'],
    ['POST', /^\/v1\/batch\/jobs\/([^/]+)\/cancel$/, 'cancel'],
    ['GET', /^\/v1\/files\/([^/]+)\/content$/, 'results'],
    ['DELETE', /^\/v1\/files\/([^/]+)$/, 'discard'],
  ]),
  read(body, files) {
    const {
      input_files: [file],
      metadata,
      endpoint,
      model,
    } = JSON.parse(body)
    const requests = linesOf(files.get(file)!, (line) => ({ customId: line.custom_id, path: endpoint, body: { model, ...line.body } }))
    return { fileId: file, label: metadata?.latchkey, requests }
  },
  word(batch) {
    const { id, state, requests, results, createdAt, label } = batch
    const good = results.filter(isGood).length
    const answered = results.filter(({ kind }) => kind === 'answered').length
    const isOver = hasEnded(batch) && state !== 'refused'
    const status = {
      working: good > 0 ? 'RUNNING' : 'QUEUED',
      cancelling: 'CANCELLATION_REQUESTED',
      completed: 'SUCCESS',
      expired: 'TIMEOUT_EXCEEDED',
      cancelled: 'CANCELLED',
      refused: 'FAILED',
    }[state]
    return {
      id,
      object: 'batch',
      input_files: [batch.fileId],
      metadata: { latchkey: label },
      endpoint: '/v1/chat/completions',
      status,
      output_file: isOver && good > 0 ? `${id}.out` : null,
      error_file: isOver && answered > good ? `${id}.err` : null,
      errors: state === 'refused' ? [{ message: 'wrong', count: 1 }] : [],
      created_at: seconds(createdAt),
      total_requests: requests.length,
      completed_requests: answered,
      succeeded_requests: good,
      failed_requests: answered - good,
    }
  },
  list: (batches) => ({ object: 'list', data: batches.map((batch) => mistral.word(batch)), total: batches.length }),
  files: (batch) => textsOf(mistral.word(batch), ['output_file', 'error_file']),
  lines: (batch, part) =>
    batch.results
      .filter((result) => result.kind === 'answered' && isGood(result) === (part === 'out'))
      .map((result) => JSON.stringify({ id: `r-${result.customId}`, custom_id: result.customId, ...openAiOutcome(result) })),
}

/** @see https://platform.claude.com/docs/en/build-with-claude/batch-processing */
const anthropic: BatchDialect = {
  route: routes([
    ['POST', /^\/v1\/messages\/batches$/, 'create'],
    ['GET', /^\/v1\/messages\/batches$/, 'list'],
    ['GET', /^\/v1\/messages\/batches\/([^/]+)$/, 'look'],
    ['POST', /^\/v1\/messages\/batches\/([^/]+)\/cancel$/, 'cancel'],
    ['GET', /^\/v1\/messages\/batches\/([^/]+)\/results$/, 'results'],
  ]),
  read(body) {
    const { requests } = JSON.parse(body) as { requests: { custom_id: string; params: unknown }[] }
    return {
      label: undefined,
      requests: requests.map(({ custom_id: customId, params }) => ({ customId, path: '/v1/messages', body: params })),
    }
  },
  word(batch) {
    const { id, state, requests, results, createdAt } = batch
    const isOver = hasEnded(batch)
    const count = (fits: (result: MockResult) => boolean): number => (isOver ? results.filter(fits).length : 0)
    const counts = {
      processing: isOver ? 0 : requests.length,
      succeeded: count(isGood),
      errored: count((result) => result.kind === 'answered' && !isGood(result)),
      canceled: count(({ kind }) => kind === 'cancelled'),
      expired: count(({ kind }) => kind === 'expired'),
    }
    return {
      id,
      type: 'message_batch',
      processing_status: isOver ? 'ended' : state === 'cancelling' ? 'canceling' : 'in_progress',
      request_counts: counts,
      ended_at: isOver ? new Date().toISOString() : null,
      created_at: createdAt.toISOString(),
      expires_at: new Date(createdAt.getTime() + DAY_S * 1_000).toISOString(),
      cancel_initiated_at: null,
      archived_at: null,
      results_url: isOver ? `https://api.anthropic.com/v1/messages/batches/${id}/results` : null,
    }
  },
  list: (batches, hasMore) => ({
    data: batches.map((batch) => anthropic.word(batch)),
    has_more: hasMore,
    first_id: batches[0]?.id ?? null,
    last_id: batches.at(-1)?.id ?? null,
  }),
  lines: ({ results }) =>
    results.map((result) => {
      if (isGood(result))
        return JSON.stringify({ custom_id: result.customId, result: { type: 'succeeded', message: (result as { body: unknown }).body } })
      if (result.kind !== 'answered')
        return JSON.stringify({ custom_id: result.customId, result: { type: result.kind === 'cancelled' ? 'canceled' : 'expired' } })
      const type = { 400: 'invalid_request_error', 429: 'rate_limit_error', 529: 'overloaded_error' }[result.status] ?? 'api_error'
      return JSON.stringify({
        custom_id: result.customId,
        result: { type: 'errored', error: { type: 'error', error: { type, message: 'said so' } } },
      })
    }),
}

/** @see https://ai.google.dev/gemini-api/docs/batch-api */
const gemini: BatchDialect = {
  route: routes([
    ['POST', /^\/v1beta\/models\/[^/]+:batchGenerateContent$/, 'create'],
    ['GET', /^\/v1beta\/batches$/, 'list'],
    ['GET', /^\/v1beta\/batches\/([^/:]+)$/, 'look'],
    ['POST', /^\/v1beta\/batches\/([^/:]+):cancel$/, 'cancel'],
  ]),
  read(body) {
    const { batch } = JSON.parse(body) as {
      batch: { displayName: string; inputConfig: { requests: { requests: { request: { model: string }; metadata: { key: string } }[] } } }
    }
    const requests = batch.inputConfig.requests.requests.map(({ request: { model, ...request }, metadata }) => ({
      customId: metadata.key,
      path: `/v1beta/${model}:generateContent`,
      body: request,
    }))
    return { label: batch.displayName, requests }
  },
  word(batch, disturb = (lines) => lines) {
    const { id, state, requests, results, createdAt, label } = batch
    const good = results.filter(isGood).length
    const states = {
      working: good > 0 ? 'RUNNING' : 'PENDING',
      cancelling: 'RUNNING',
      completed: 'SUCCEEDED',
      expired: 'EXPIRED',
      cancelled: 'CANCELLED',
      refused: 'FAILED',
    }
    const lines = disturb(results.map((result) => JSON.stringify(geminiResult(result))))
    const inlinedResponses = lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as unknown]
      } catch {
        return [{ broken: true }]
      }
    })
    return {
      name: `batches/${id}`,
      metadata: {
        '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
        displayName: label,
        createTime: createdAt.toISOString(),
        // numbers as text, as Google's JSON has them
        batchStats: {
          requestCount: String(requests.length),
          successfulRequestCount: String(good),
          failedRequestCount: String(results.length - good),
        },
        state: `BATCH_STATE_${states[state]}`,
        name: `batches/${id}`,
      },
      ...(hasEnded(batch) ? { done: true } : {}),
      ...(state === 'completed' ? { response: { inlinedResponses: { inlinedResponses } } } : {}),
    }
  },
  list: (batches, hasMore) => ({
    operations: batches.map((batch) => gemini.word(batch)),
    ...(hasMore ? { nextPageToken: batches.at(-1)!.id } : {}),
  }),
  lines: () => [],
}

function geminiResult(result: MockResult): unknown {
  const metadata = { key: result.customId }
  if (result.kind !== 'answered') return { error: { code: 1, message: 'cancelled' }, metadata }
  if (result.status === 200) return { response: result.body, metadata }
  return { error: { code: result.status === 400 ? 3 : result.status === 429 ? 8 : 13, message: 'said so' }, metadata }
}

const textsOf = (word: unknown, names: readonly string[]): string[] =>
  names.map((name) => (word as Record<string, unknown>)[name]).filter((value) => typeof value === 'string')

const linesOf = <T>(file: string, read: (line: { custom_id: string; body: object }) => T): T[] =>
  file
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => read(JSON.parse(line)))

export const BATCH_DIALECTS = { openai, mistral, anthropic, gemini }
export type BatchDialectName = keyof typeof BATCH_DIALECTS
