import { objectOf, textOf } from '../../base/json.ts'
import type { BatchForm, BatchResult, ProviderBatch } from '../batch.ts'
import { countIn, get, postJson, postLines, step, timeIn } from './parts.ts'

/** The ends of the names of its states, which begin with BATCH_STATE_ or JOB_STATE_. */
const STATES: Readonly<Record<string, ProviderBatch['state']>> = {
  UNSPECIFIED: 'working',
  PENDING: 'working',
  RUNNING: 'working',
  SUCCEEDED: 'completed',
  FAILED: 'refused',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
}

/** Of google.rpc.Code, as HTTP says it. @see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const STATUS: Readonly<Record<number, number>> = {
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  16: 401,
}
const RPC_CANCELLED = 1

/**
 * Gemini: all requests in the one that makes the batch, results in the word of the batch once it has ended. What was cancelled or has
 * expired gives none. @see https://ai.google.dev/gemini-api/docs/batch-api
 */
export const geminiBatch: BatchForm = {
  id: 'gemini',
  keepsLabels: true,
  line: ({ customId, model, body }) => ({ request: { ...body, model: `models/${bare(model)}` }, metadata: { key: customId } }),
  create: ({ label, model, lines }) =>
    postLines(`/models/${step(bare(model))}:batchGenerateContent`, {
      before: `{"batch":{"displayName":${JSON.stringify(label)},"inputConfig":{"requests":{"requests":[`,
      lines,
      after: ']}}}}',
    }),
  look: (id) => get(`/batches/${step(id)}`),
  cancel: (id) => postJson(`/batches/${step(id)}:cancel`, {}),
  list: (after) => get(`/batches?pageSize=100${after === undefined ? '' : `&pageToken=${step(after)}`}`),
  read,
  readList(body) {
    const list = objectOf(body)
    if (!list) return undefined
    const operations = Array.isArray(list['operations']) ? list['operations'] : []
    return { batches: operations.map(read).filter((batch) => batch !== undefined), next: textOf(list['nextPageToken']) || undefined }
  },
  results: () => [],
  readResult(line): BatchResult | undefined {
    const found = objectOf(line)
    const about = objectOf(found?.['metadata'])
    const customId = textOf(about?.['key'])
    if (!found || customId === undefined) return undefined
    const error = objectOf(found['error'])
    if (!error) return { customId, kind: 'answered', status: 200, body: found['response'] }
    const code = countIn(error['code']) ?? 2
    return code === RPC_CANCELLED
      ? { customId, kind: 'cancelled' }
      : { customId, kind: 'answered', status: STATUS[code] ?? 500, body: { error } }
  },
}

const bare = (model: string): string => model.replace(/^models\//, '')

/** An operation, whose metadata is the batch. */
function read(body: unknown): ProviderBatch | undefined {
  const operation = objectOf(body)
  const batch = objectOf(operation?.['metadata'])
  const name = textOf(operation?.['name']) ?? textOf(batch?.['name'])
  const state = STATES[(textOf(batch?.['state']) ?? '').replace(/^(?:BATCH|JOB)_STATE_/, '')]
  if (!operation || !batch || name === undefined || !state) return undefined
  const stats = objectOf(batch['batchStats'])
  const output = objectOf(operation['response']) ?? objectOf(batch['output'])
  const inlined = objectOf(output?.['inlinedResponses'])?.['inlinedResponses']
  return {
    id: name.replace(/^batches\//, ''),
    state,
    label: textOf(batch['displayName']),
    requests: countIn(stats?.['requestCount']),
    done: countIn(stats?.['successfulRequestCount']),
    failed: countIn(stats?.['failedRequestCount']),
    createdAt: timeIn(batch['createTime']),
    files: [],
    inline: Array.isArray(inlined) ? inlined : undefined,
  }
}
