import { objectOf, textOf } from '../../base/json.ts'
import type { BatchForm, BatchResult, ProviderBatch } from '../batch.ts'
import { STATUS_OF_TYPE } from '../protocols/anthropic-messages.ts'
import { countIn, get, postJson, postLines, step, timeIn } from './parts.ts'

/**
 * Anthropic: all requests in the one that makes the batch; results in one stream, in any order. It keeps no label of ours: a batch is
 * found again by when it was made and how many requests it has, and known by the ids of its results.
 * @see https://platform.claude.com/docs/en/build-with-claude/batch-processing
 */
export const anthropicBatch: BatchForm = {
  id: 'anthropic',
  keepsLabels: false,
  line: ({ customId, body }) => ({ custom_id: customId, params: body }),
  create: ({ lines }) => postLines('/v1/messages/batches', { before: '{"requests":[', lines, after: ']}' }),
  look: (id) => get(`/v1/messages/batches/${step(id)}`),
  cancel: (id) => postJson(`/v1/messages/batches/${step(id)}/cancel`, {}),
  list: (after) => get(`/v1/messages/batches?limit=100${after === undefined ? '' : `&after_id=${step(after)}`}`),
  read,
  readList(body) {
    const list = objectOf(body)
    if (!list || !Array.isArray(list['data'])) return undefined
    const batches = list['data'].map(read).filter((batch) => batch !== undefined)
    return { batches, next: list['has_more'] === true ? textOf(list['last_id']) : undefined }
  },
  // the address that the answer names is this one, at the host that the key is sealed to
  results: ({ id, files }) => files.map(() => get(`/v1/messages/batches/${step(id)}/results`)),
  readResult(line): BatchResult | undefined {
    const found = objectOf(line)
    const customId = textOf(found?.['custom_id'])
    const result = objectOf(found?.['result'])
    if (customId === undefined || !result) return undefined
    switch (result['type']) {
      case 'succeeded':
        return { customId, kind: 'answered', status: 200, body: result['message'] }
      case 'errored': {
        const error = objectOf(result['error'])
        const inner = objectOf(error?.['error']) ?? error
        return {
          customId,
          kind: 'answered',
          status: STATUS_OF_TYPE.get(textOf(inner?.['type']) ?? '') ?? 500,
          body: error?.['error'] ? error : { error },
        }
      }
      case 'canceled':
        return { customId, kind: 'cancelled' }
      case 'expired':
        return { customId, kind: 'expired' }
      default:
        return undefined
    }
  },
}

function read(body: unknown): ProviderBatch | undefined {
  const batch = objectOf(body)
  const id = textOf(batch?.['id'])
  const status = textOf(batch?.['processing_status'])
  if (!batch || id === undefined || (status !== 'in_progress' && status !== 'canceling' && status !== 'ended')) return undefined
  const counts = objectOf(batch['request_counts']) ?? {}
  const count = (name: string): number => countIn(counts[name]) ?? 0
  const url = textOf(batch['results_url'])
  return {
    id,
    // each request has a result of its own, also those that were cancelled or have expired
    state: status === 'ended' ? 'completed' : status === 'canceling' ? 'cancelling' : 'working',
    requests: ['processing', 'succeeded', 'errored', 'canceled', 'expired'].reduce((sum, name) => sum + count(name), 0),
    done: count('succeeded'),
    failed: count('errored') + count('canceled') + count('expired'),
    createdAt: timeIn(batch['created_at']),
    expiresAt: timeIn(batch['expires_at']),
    files: url === undefined ? [] : [url],
  }
}
