import { isObject } from '../../../base/json.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { abilitiesOf } from './abilities.ts'
import { promptOfOpenai } from './openai-messages-in.ts'
import { takeResponseFormat, takeTools } from './openai-tools-in.ts'
import { arrayAt, bodyAt, booleanAt, type Block, countAt, integerAt, numberAt, objectAt, oneOf, stringAt, stringsAt } from './read.ts'
import { createReport } from './report.ts'
import {
  createDraft,
  type Draft,
  finishDraft,
  takeEndUser,
  takeOneToolCall,
  takeProviderOptions,
  takeReasoning,
  takeSampling,
  takeStop,
  takeTemperature,
  type TranslatedRequest,
} from './settings.ts'

/** Where a translated request goes, and what the caller's request was for. */
export interface TranslationTarget {
  readonly offer: ChatOffer
  readonly model: string
}

/** Reads one parameter that was sent (never null) and says in the report what became of it. */
type Take = (draft: Draft, value: unknown, body: Block) => void

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

const drop =
  (name: string, note?: string): Take =>
  ({ report }) =>
    report.dropped(name, note)

const refuse =
  (name: string, reason: string): Take =>
  ({ report }) =>
    report.refused(name, reason)

/** Read elsewhere, or by the gateway itself. */
const keep =
  (name: string): Take =>
  ({ report }) =>
    report.mapped(name)

/**
 * Every parameter of OpenAI's chat completions, decided. What only changes speed, price, or what OpenAI keeps is left out;
 * what changes the answer is said in the provider's words or refused.
 * @see https://platform.openai.com/docs/api-reference/chat/create, as in the package openai 7.55
 */
const PARAMETERS: Readonly<Record<string, Take>> = {
  messages: keep('messages'),
  model: keep('model'),
  stream: keep('stream'),
  stream_options: ({ report }, value) => {
    const { include_usage: _, ...others } = objectAt(value, 'stream_options')
    report.mapped('stream_options')
    for (const name of Object.keys(others)) report.dropped(`stream_options.${name}`)
  },
  tools: (draft, _, body) => takeTools(draft, body),
  tool_choice: (draft, value, body) => {
    if (body['tools'] === undefined || body['tools'] === null) draft.report.dropped('tool_choice', 'there are no tools')
  },
  parallel_tool_calls: (draft, value) => takeOneToolCall(draft, 'parallel_tool_calls', !booleanAt(value, 'parallel_tool_calls')),
  response_format: takeResponseFormat,

  max_completion_tokens: ({ settings, report }, value) => {
    settings.maxOutputTokens = countAt(value, 'max_completion_tokens')
    report.mapped('max_completion_tokens')
  },
  max_tokens: ({ settings, report }, value, body) => {
    const limit = countAt(value, 'max_tokens')
    if (typeof body['max_completion_tokens'] === 'number') return report.dropped('max_tokens', 'max_completion_tokens counts')
    settings.maxOutputTokens = limit
    report.mapped('max_tokens')
  },
  temperature: (draft, value) => takeTemperature(draft, numberAt(value, 'temperature')),
  top_p: ({ settings, report }, value) => {
    settings.topP = numberAt(value, 'top_p')
    report.mapped('top_p')
  },
  frequency_penalty: (draft, value) => takeSampling(draft, 'frequency_penalty', 'frequencyPenalty', numberAt(value, 'frequency_penalty')),
  presence_penalty: (draft, value) => takeSampling(draft, 'presence_penalty', 'presencePenalty', numberAt(value, 'presence_penalty')),
  seed: (draft, value) => takeSampling(draft, 'seed', 'seed', integerAt(value, 'seed')),
  stop: (draft, value) => takeStop(draft, 'stop', stringsAt(value, 'stop')),
  reasoning_effort: (draft, value) => takeReasoning(draft, 'reasoning_effort', oneOf(value, 'reasoning_effort', EFFORTS)),
  verbosity: (draft, value) => {
    const textVerbosity = oneOf(value, 'verbosity', ['low', 'medium', 'high'])
    takeAtOpenai(draft, 'verbosity', { textVerbosity })
  },

  n: ({ report }, value) => {
    if (integerAt(value, 'n') === 1) report.mapped('n')
    else report.refused('n', 'this provider gives one answer to a request.')
  },
  logprobs: ({ report }, value) => {
    if (booleanAt(value, 'logprobs')) report.refused('logprobs', 'this provider does not tell the probabilities of tokens.')
    else report.mapped('logprobs')
  },
  top_logprobs: ({ report }, value) => {
    if (integerAt(value, 'top_logprobs') === 0) report.mapped('top_logprobs')
    else report.refused('top_logprobs', 'this provider does not tell the probabilities of tokens.')
  },
  logit_bias: ({ report }, value) => {
    if (Object.keys(objectAt(value, 'logit_bias')).length === 0) report.mapped('logit_bias')
    else report.refused('logit_bias', 'its tokens are those of OpenAI’s models.')
  },
  modalities: ({ report }, value) => {
    const others = arrayAt(value, 'modalities').filter((modality) => modality !== 'text')
    if (others.length === 0) report.mapped('modalities')
    else report.refused('modalities', 'answers to translated requests are text.')
  },
  audio: refuse('audio', 'answers to translated requests are text.'),
  moderation: refuse('moderation', 'it is a service of OpenAI.'),
  web_search_options: refuse('web_search_options', 'it is a service of OpenAI.'),
  functions: refuse('functions', 'they have given way to "tools".'),
  function_call: refuse('function_call', 'it has given way to "tool_choice".'),

  user: (draft, value) => takeEndUser(draft, 'user', stringAt(value, 'user')),
  safety_identifier: (draft, value) => takeEndUser(draft, 'safety_identifier', stringAt(value, 'safety_identifier')),
  prompt_cache_key: (draft, value) => takeAtOpenai(draft, 'prompt_cache_key', { promptCacheKey: stringAt(value, 'prompt_cache_key') }),
  prompt_cache_options: drop('prompt_cache_options', 'OpenAI’s cache'),
  prompt_cache_retention: drop('prompt_cache_retention', 'OpenAI’s cache'),
  prediction: drop('prediction', 'a hint for OpenAI’s speed'),
  metadata: drop('metadata', 'for answers that OpenAI keeps'),
  service_tier: drop('service_tier', 'a tier of OpenAI’s'),
  store: ({ report }, value) => {
    const keeps = booleanAt(value, 'store')
    report.dropped('store', keeps ? 'nothing is kept' : 'what this provider keeps, its own terms say')
  },
}

/** What OpenAI's other interface has too, and nobody else. */
function takeAtOpenai(draft: Draft, parameter: string, options: Readonly<Record<string, string>>): void {
  if (!draft.abilities.openaiOptions) return draft.report.dropped(parameter, 'not of this provider')
  takeProviderOptions(draft, { openai: options })
  draft.report.mapped(parameter)
}

/**
 * A request to `/v1/chat/completions` as the request that another provider gets: built from what is known here and nothing
 * else, so that no field of the body travels on unseen.
 * @throws AppError request.invalid (what has not OpenAI's form), RequestRefusal (what cannot be honoured).
 */
export function openaiChatIn(body: unknown, { offer, model }: TranslationTarget): TranslatedRequest {
  const request = bodyAt(body)
  const draft = createDraft(abilitiesOf(offer, model), createReport())
  for (const [name, value] of Object.entries(request)) {
    if (value === null && name !== 'messages') continue
    const take = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (take) take(draft, value, request)
    else draft.report.dropped(name, 'unknown')
  }
  const prompt = promptOfOpenai(request['messages'], draft)
  draft.report.requireHonoured()
  const { stream, stream_options: streaming } = request
  return {
    options: finishDraft(draft, prompt),
    streams: stream !== undefined && stream !== null && booleanAt(stream, 'stream'),
    includesUsage: isObject(streaming) && streaming['include_usage'] === true,
    report: draft.report,
  }
}
