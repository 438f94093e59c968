import { objectOf, textOf } from '../../base/json.ts'
import type { ErrorAnswer, Protocol, ProviderFailure } from '../wire-protocol.ts'
import { anthropicMessagesUsage } from './anthropic-messages-usage.ts'
import { classify, failureWith, type ErrorRule } from './classify.ts'
import { saidByAnthropic } from './said.ts'

/** A model that is not there is `not_found_error` with its name; the same for a disabled key has none. */
const notFound: ErrorRule = ({ status, type, message }) => {
  if (status !== 404 || type !== 'not_found_error') return undefined
  return /\bmodels?\b/i.test(message) ? 'provider.model_missing' : 'provider.bad_key'
}

/** The status that an error of each type has, or would have had, in a usual call. */
export const STATUS_OF_TYPE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    invalid_request_error: 400,
    authentication_error: 401,
    billing_error: 402,
    permission_error: 403,
    not_found_error: 404,
    request_too_large: 413,
    rate_limit_error: 429,
    timeout_error: 504,
    overloaded_error: 529,
  }),
)

/** Anthropic messages. @see https://platform.claude.com/docs/en/api/errors */
export const anthropicMessages: Protocol = {
  id: 'anthropic-messages',
  usage: anthropicMessagesUsage,
  said: saidByAnthropic,
  classifyError: (answer) => classify(answer, [notFound]),
  classifyBodyError,
}

/** An `error` event in a stream, or a refusal: `stop_reason` in the message or in its message_delta. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  const error = objectOf(body?.['error'])
  if (body?.['type'] === 'error' || error) {
    return classify({ ...answer, status: STATUS_OF_TYPE.get(textOf(error?.['type']) ?? '') ?? 500 }, [notFound])
  }
  const stopReason = body?.['stop_reason'] ?? objectOf(body?.['delta'])?.['stop_reason']
  if (stopReason === 'refusal') return failureWith(answer, 'provider.content_refused', { message: '', status: answer.status })
  return undefined
}
