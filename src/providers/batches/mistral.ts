import { objectOf, textOf } from '../../base/json.ts'
import type { BatchForm, ProviderBatch } from '../batch.ts'
import { countIn, get, openAiResult, postFile, postJson, remove, step, textsIn, timeIn } from './parts.ts'

const STATES: Readonly<Record<string, ProviderBatch['state']>> = {
  QUEUED: 'working',
  RUNNING: 'working',
  SUCCESS: 'completed',
  FAILED: 'refused',
  TIMEOUT_EXCEEDED: 'expired',
  CANCELLATION_REQUESTED: 'cancelling',
  CANCELLED: 'cancelled',
}

const TIMEOUT_HOURS = 24

/** Mistral: as OpenAI, with jobs in place of batches; one model for all of a job. @see https://docs.mistral.ai/capabilities/batch */
export const mistralBatch: BatchForm = {
  id: 'mistral',
  keepsLabels: true,
  line({ customId, body: { model: _model, ...body } }) {
    return { custom_id: customId, body } // the model is the job's
  },
  upload: {
    ask: ({ name, lines }) => postFile('/files', { name, lines, fields: { purpose: 'batch' } }),
    read: (body) => textOf(objectOf(body)?.['id']),
  },
  create: ({ label, model, path, fileId }) =>
    postJson('/batch/jobs', {
      input_files: [fileId],
      model,
      endpoint: `/v1${path}`,
      metadata: { latchkey: label },
      timeout_hours: TIMEOUT_HOURS,
    }),
  look: (id) => get(`/batch/jobs/${step(id)}`),
  cancel: (id) => postJson(`/batch/jobs/${step(id)}/cancel`, {}),
  list: (page = '0') => get(`/batch/jobs?page=${step(page)}&page_size=100&created_by_me=true`),
  read,
  readList(body) {
    const list = objectOf(body)
    if (!list) return undefined
    const data = Array.isArray(list['data']) ? list['data'] : []
    return { batches: data.map(read).filter((batch) => batch !== undefined), next: undefined } // newest first: ours is among a hundred
  },
  results: ({ files }) => files.map((file) => get(`/files/${step(file)}/content`)),
  discard: (fileId) => remove(`/files/${step(fileId)}`),
  readResult(line) {
    const found = openAiResult(line)
    if (!found) return undefined
    const { customId, status, body, error } = found
    return { customId, kind: 'answered', status: status ?? 500, body: status === undefined ? { error } : body }
  },
}

function read(body: unknown): ProviderBatch | undefined {
  const job = objectOf(body)
  const id = textOf(job?.['id'])
  const state = STATES[textOf(job?.['status']) ?? '']
  if (!job || id === undefined || !state) return undefined
  const inputs = job['input_files']
  const files = textsIn(job['output_file'], job['error_file'])
  const createdAt = timeIn(job['created_at'])
  return {
    id,
    state: state === 'refused' && files.length > 0 ? 'completed' : state, // it failed on the way, and what it did is there
    label: textOf(objectOf(job['metadata'])?.['latchkey']),
    requests: countIn(job['total_requests']),
    done: countIn(job['succeeded_requests']),
    failed: countIn(job['failed_requests']),
    createdAt,
    expiresAt: createdAt && new Date(createdAt.getTime() + TIMEOUT_HOURS * 3_600_000),
    inputs: Array.isArray(inputs) ? textsIn(...(inputs as readonly unknown[])) : [],
    files,
  }
}
