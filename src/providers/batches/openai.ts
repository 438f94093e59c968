import { objectOf, textOf } from '../../base/json.ts'
import type { BatchForm, ProviderBatch } from '../batch.ts'
import { countIn, get, openAiResult, postFile, postJson, remove, step, textsIn, timeIn } from './parts.ts'

/** What OpenAI keeps of a batch's files is gone after so long; until then its results can be collected. In seconds, 30 days at most. */
const KEPT_S = 14 * 24 * 3_600
const EXPIRES = { anchor: 'created_at', seconds: KEPT_S } as const

const STATES: Readonly<Record<string, ProviderBatch['state']>> = {
  validating: 'working',
  in_progress: 'working',
  finalizing: 'working',
  completed: 'completed',
  expired: 'expired',
  cancelling: 'cancelling',
  cancelled: 'cancelled',
  failed: 'refused',
}

/** OpenAI: a file of requests, one a line; results in one file and errors in another. @see https://platform.openai.com/docs/api-reference/batch */
export const openAiBatch: BatchForm = {
  id: 'openai',
  keepsLabels: true,
  line: ({ customId, path, body }) => ({ custom_id: customId, method: 'POST', url: `/v1${path}`, body }),
  upload: {
    ask: ({ name, lines }) =>
      postFile('/files', {
        name,
        lines,
        fields: { purpose: 'batch', 'expires_after[anchor]': EXPIRES.anchor, 'expires_after[seconds]': String(EXPIRES.seconds) },
      }),
    read: (body) => textOf(objectOf(body)?.['id']),
  },
  create: ({ label, path, fileId }) =>
    postJson('/batches', {
      input_file_id: fileId,
      endpoint: `/v1${path}`,
      completion_window: '24h',
      metadata: { latchkey: label },
      output_expires_after: EXPIRES,
    }),
  look: (id) => get(`/batches/${step(id)}`),
  cancel: (id) => postJson(`/batches/${step(id)}/cancel`, {}),
  list: (after) => get(`/batches?limit=100${after === undefined ? '' : `&after=${step(after)}`}`),
  read,
  readList(body) {
    const list = objectOf(body)
    if (!list || !Array.isArray(list['data'])) return undefined
    const batches = list['data'].map(read).filter((batch) => batch !== undefined)
    return { batches, next: list['has_more'] === true ? batches.at(-1)?.id : undefined }
  },
  results: ({ files }) => files.map((file) => get(`/files/${step(file)}/content`)),
  discard: (fileId) => remove(`/files/${step(fileId)}`),
  readResult(line) {
    const found = openAiResult(line)
    if (!found) return undefined
    const { customId, status, body, error } = found
    if (status !== undefined) return { customId, kind: 'answered', status, body }
    const code = textOf(objectOf(error)?.['code'])
    if (code === 'batch_expired') return { customId, kind: 'expired' }
    if (code === 'batch_cancelled') return { customId, kind: 'cancelled' }
    return { customId, kind: 'answered', status: 500, body: { error } }
  },
}

function read(body: unknown): ProviderBatch | undefined {
  const batch = objectOf(body)
  const id = textOf(batch?.['id'])
  const state = STATES[textOf(batch?.['status']) ?? '']
  if (!batch || id === undefined || !state) return undefined
  const counts = objectOf(batch['request_counts'])
  return {
    id,
    state,
    label: textOf(objectOf(batch['metadata'])?.['latchkey']),
    requests: countIn(counts?.['total']),
    done: countIn(counts?.['completed']),
    failed: countIn(counts?.['failed']),
    createdAt: timeIn(batch['created_at']),
    expiresAt: timeIn(batch['expires_at']),
    inputs: textsIn(batch['input_file_id']),
    files: textsIn(batch['output_file_id'], batch['error_file_id']),
  }
}
