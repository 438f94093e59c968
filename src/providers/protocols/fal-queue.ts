import { defined, objectOf, textOf } from '../../base/json.ts'
import type { ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { megapixelsOf } from '../image-file.ts'
import { classify, type ErrorRule } from './classify.ts'

/**
 * fal's queue. A result says no cost: what is charged is counted from it, images and the megapixels of each, every image rounded
 * up to whole ones of 1024 x 1024 pixels. Images that went in count too, which a result does not show (calls/image-jobs.ts adds
 * them). A ticket, the answer to the submission, has no usage yet.
 * @see https://docs.fal.ai/documentation/model-apis/inference/queue, https://fal.ai/models/fal-ai/flux-2-max/edit
 */
const falUsage: UsageReader = {
  whole: metered,
  stream: () => ({ push: () => undefined, end: () => ({ usage: undefined, source: 'counted', doubt: 'a queue has no streams' }) }),
}

function metered(body: unknown, headers: Readonly<Record<string, string>> = {}): MeteredUsage {
  const answer = objectOf(body)
  const billable = headers['x-fal-billable-units'] // in units of the model's own, whose price it does not say
  const about = defined<Partial<MeteredUsage>>({
    providerRequestId: textOf(answer?.['request_id']),
    raw: billable === undefined ? undefined : { 'x-fal-billable-units': billable },
  })
  if (!Array.isArray(answer?.['images'])) return { usage: undefined, source: 'counted', doubt: 'the job is not done', ...about }
  const sizes = answer['images'].map(objectOf).map((image) => megapixelsOf(image?.['width'], image?.['height']))
  const megapixels = sizes.reduce<number | undefined>((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0)
  if (megapixels === undefined) return { usage: undefined, source: 'counted', doubt: 'an image has no size', ...about }
  return { usage: { images: sizes.length, megapixels }, source: 'counted', ...about }
}

const RULES: readonly ErrorRule[] = [
  // an account whose credit is used up is locked
  ({ status, message }) => (status === 403 && /locked|exhausted balance/i.test(message) ? 'provider.no_credit' : undefined),
  ({ status, message }) =>
    status === 422 && /content_policy_violation|nsfw|safety (?:checker|filter)|flagged/i.test(message)
      ? 'provider.content_refused'
      : undefined,
]

/** The queue of fal.ai. */
export const falQueue: Protocol = {
  id: 'fal-queue',
  usage: falUsage,
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError,
}

/** A job that is done may have failed: its state then says so. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  const error = textOf(body?.['error'])
  if (error === undefined) return undefined
  return classify({ ...answer, status: 500, body: { detail: error, type: body?.['error_type'] } }, RULES)
}
