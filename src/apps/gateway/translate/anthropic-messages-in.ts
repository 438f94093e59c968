import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from '@ai-sdk/provider'
import { abilitiesOf, isClaude } from './abilities.ts'
import { type BlocksPlace, promptOfAnthropic } from './anthropic-blocks-in.ts'
import type { TranslationTarget } from './openai-chat-in.ts'
import { arrayAt, bodyAt, type Block, booleanAt, countAt, integerAt, numberAt, objectAt, oneOf, stringAt, stringsAt } from './read.ts'
import { createReport } from './report.ts'
import {
  createDraft,
  finishDraft,
  takeEndUser,
  takeJson,
  takeOneToolCall,
  takeProviderOptions,
  takeReasoning,
  takeSampling,
  takeStop,
  takeTemperature,
  type TranslatedRequest,
} from './settings.ts'

type Place = BlocksPlace & { readonly sdk: string }

type Take = (place: Place, value: unknown, body: Block) => void

const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const

/** Of the answer's limit: what the levels stand for where only a level can be said (as the packages reckon back). */
const BUDGET_SHARES = [
  ['minimal', 0.02],
  ['low', 0.1],
  ['medium', 0.3],
  ['high', 0.6],
] as const

/** Anthropic's least. */
const SMALLEST_BUDGET = 1_024

const keep =
  (name: string): Take =>
  ({ report }) =>
    report.mapped(name)

const drop =
  (name: string, note: string): Take =>
  ({ report }) =>
    report.dropped(name, note)

const refuse =
  (name: string, reason: string): Take =>
  ({ report }) =>
    report.refused(name, reason)

/**
 * Every parameter of Anthropic's messages, decided, its betas too that coding assistants send.
 * @see https://platform.claude.com/docs/en/api/messages, as in the package @anthropic-ai/sdk 1.11
 */
const PARAMETERS: Readonly<Record<string, Take>> = {
  messages: keep('messages'),
  system: keep('system'),
  model: keep('model'),
  stream: keep('stream'),
  max_tokens: ({ settings, report }, value) => {
    if (value === 0) return report.refused('max_tokens', 'warming a cache without an answer is a service of Anthropic.')
    settings.maxOutputTokens = countAt(value, 'max_tokens')
    report.mapped('max_tokens')
  },
  temperature: (place, value) => takeTemperature(place, numberAt(value, 'temperature')),
  top_p: ({ settings, report }, value) => {
    settings.topP = numberAt(value, 'top_p')
    report.mapped('top_p')
  },
  top_k: (place, value) => takeSampling(place, 'top_k', 'topK', integerAt(value, 'top_k')),
  stop_sequences: (place, value) => takeStop(place, 'stop_sequences', stringsAt(arrayAt(value, 'stop_sequences'), 'stop_sequences')),
  tools: (place, value) => {
    const tools = arrayAt(value, 'tools').flatMap((entry, index) => toolOf(objectAt(entry, `tools[${index}]`), `tools[${index}]`, place))
    if (tools.length > 0) place.settings.tools = tools
    place.report.mapped('tools')
  },
  tool_choice: takeChoice,
  thinking: takeThinking,
  output_config: (place, value) => {
    const { effort, format, ...others } = objectAt(value, 'output_config')
    if (effort !== undefined && effort !== null) {
      takeReasoning(place, 'output_config.effort', oneOf(effort, 'output_config.effort', EFFORTS))
    }
    if (format !== undefined && format !== null) takeFormat(place, 'output_config.format', format)
    for (const name of Object.keys(others)) place.report.dropped(`output_config.${name}`)
  },
  output_format: (place, value) => takeFormat(place, 'output_format', value), // the beta's name of output_config.format
  metadata: (place, value) => {
    const { user_id: user, ...others } = objectAt(value, 'metadata')
    if (user !== undefined && user !== null) takeEndUser(place, 'metadata.user_id', stringAt(user, 'metadata.user_id'))
    for (const name of Object.keys(others)) place.report.dropped(`metadata.${name}`)
  },
  speed: ({ report }, value) => {
    if (value === 'standard') report.mapped('speed')
    else report.dropped('speed', 'a speed of Anthropic’s')
  },
  cache_control: drop('cache_control', 'Anthropic’s cache'),
  service_tier: drop('service_tier', 'a tier of Anthropic’s'),
  diagnostics: drop('diagnostics', 'of Anthropic’s cache'),
  context_management: drop('context_management', 'done at Anthropic: the conversation is sent as it is'),
  inference_geo: refuse('inference_geo', 'where this provider works, its connection says.'),
  container: refuse('container', 'containers are kept at Anthropic.'),
  mcp_servers: refuse('mcp_servers', 'Anthropic’s servers call them.'),
}

function toolOf(tool: Block, at: string, { abilities, report }: Place): LanguageModelV4FunctionTool[] {
  const { type, name, description, input_schema: schema, strict } = tool
  if (type !== undefined && type !== null && type !== 'custom') {
    report.refused('tools', 'tools that Anthropic runs or defines are not there for another provider.', at)
    return []
  }
  for (const mark of ['cache_control', 'defer_loading', 'eager_input_streaming', 'input_examples', 'allowed_callers']) {
    if (tool[mark] !== undefined && tool[mark] !== null) report.dropped(`tools.${mark}`)
  }
  if (strict === true && !abilities.strictTools) report.dropped('tools.strict', 'not of this provider')
  return [
    {
      type: 'function',
      name: stringAt(name, `${at}.name`),
      ...(description === undefined ? {} : { description: stringAt(description, `${at}.description`) }),
      inputSchema: objectAt(schema, `${at}.input_schema`),
      ...(typeof strict === 'boolean' && abilities.strictTools ? { strict } : {}),
    },
  ]
}

function takeChoice(place: Place, value: unknown, body: Block): void {
  const { abilities, report, settings } = place
  if (body['tools'] === undefined) return report.dropped('tool_choice', 'there are no tools')
  const { type: word, name, disable_parallel_tool_use: oneAtATime } = objectAt(value, 'tool_choice')
  const type = oneOf(word, 'tool_choice.type', ['auto', 'any', 'tool', 'none'])
  if (oneAtATime !== undefined) {
    takeOneToolCall(place, 'tool_choice.disable_parallel_tool_use', booleanAt(oneAtATime, 'tool_choice.disable_parallel_tool_use'))
  }
  if ((type === 'any' || type === 'tool') && !abilities.requiredTool) {
    return report.refused('tool_choice', 'this provider cannot be made to use a tool.')
  }
  if (type === 'tool') settings.toolChoice = { type, toolName: stringAt(name, 'tool_choice.name') }
  else settings.toolChoice = { type: type === 'any' ? 'required' : type }
  report.mapped('tool_choice')
}

function takeFormat(place: Place, parameter: string, value: unknown): void {
  const { type, schema } = objectAt(value, parameter)
  oneOf(type, `${parameter}.type`, ['json_schema'])
  takeJson(place, parameter, { schema: objectAt(schema, `${parameter}.schema`), name: 'answer' })
}

/** A budget where Claude is asked over another interface; elsewhere the nearest level. An effort that is said counts more. */
function takeThinking(place: Place, value: unknown, body: Block): void {
  const { settings, report } = place
  const { type, budget_tokens: tokens } = objectAt(value, 'thinking')
  const kind = oneOf(type, 'thinking.type', ['enabled', 'disabled', 'adaptive', 'between_tools'])
  if (kind === 'disabled') return takeReasoning(place, 'thinking', 'none')
  if (kind !== 'enabled') {
    if (place.sdk === 'amazon-bedrock' && place.isClaude && kind === 'adaptive') {
      takeProviderOptions(place, { amazonBedrock: { reasoningConfig: { type: 'adaptive' } } })
    }
    return report.mapped('thinking', 'as much as the model does by itself')
  }
  const budget = countAt(tokens, 'thinking.budget_tokens')
  const limit = countAt(body['max_tokens'], 'max_tokens')
  if (place.sdk === 'amazon-bedrock' && place.isClaude && budget >= SMALLEST_BUDGET && budget < limit) {
    // the package adds the budget to the limit; here the limit holds both, as the caller said
    settings.maxOutputTokens = limit - budget
    takeProviderOptions(place, { amazonBedrock: { reasoningConfig: { type: 'enabled', budgetTokens: budget } } })
    return report.mapped('thinking')
  }
  if (settings.reasoning === undefined) takeReasoning(place, 'thinking', levelOf(budget / limit))
  else report.mapped('thinking', 'output_config.effort counts')
}

function levelOf(share: number): NonNullable<LanguageModelV4CallOptions['reasoning']> {
  return BUDGET_SHARES.findLast(([, least]) => share >= least)?.[0] ?? 'minimal'
}

/** Read before what they have a say in. */
const FIRST = ['max_tokens', 'output_config']

/**
 * A request to `/v1/messages` as the request that another provider gets: built from what is known here and nothing else,
 * so that no field of the body travels on unseen.
 * @throws AppError request.invalid (what has not Anthropic's form), RequestRefusal (what cannot be honoured).
 */
export function anthropicMessagesIn(body: unknown, { offer, model }: TranslationTarget): TranslatedRequest {
  const request = bodyAt(body)
  const place: Place = { ...createDraft(abilitiesOf(offer, model), createReport()), isClaude: isClaude(model), sdk: offer.sdk }
  countAt(request['max_tokens'] === 0 ? 1 : request['max_tokens'], 'max_tokens')
  const rank = ([name]: readonly [string, unknown]): number => (FIRST.includes(name) ? 0 : 1)
  for (const [name, value] of Object.entries(request).toSorted((a, b) => rank(a) - rank(b))) {
    if (value === null && name !== 'messages') continue
    const take = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (take) take(place, value, request)
    else place.report.dropped(name, 'unknown')
  }
  const prompt = promptOfAnthropic(request, place)
  place.report.requireHonoured()
  const { stream } = request
  return {
    options: finishDraft(place, prompt),
    streams: stream !== undefined && stream !== null && booleanAt(stream, 'stream'),
    includesUsage: true,
    report: place.report,
  }
}
