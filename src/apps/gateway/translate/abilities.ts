import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { ChatOffer } from '../../../providers/offer.ts'

type ProviderOptions = NonNullable<LanguageModelV4CallOptions['providerOptions']>

/** The sampling settings that are sent or left out, one by one. */
export type Sampling = 'stopSequences' | 'seed' | 'topK' | 'frequencyPenalty' | 'presencePenalty'

/**
 * What requests to a provider can hold, as far as that is known before one is sent: read off what the packages make of
 * each option (a test sends each of them through each package). What depends on the model, the package says afterwards.
 */
export interface Abilities {
  readonly sampling: readonly Sampling[]
  /** Higher ones are lowered to it. */
  readonly temperatureAtMost?: number
  /** System messages stay where they are; otherwise they are moved to the start. */
  readonly systemAnywhere: boolean
  /** Pictures: as data only, or by their address too. */
  readonly pictures: 'data' | 'url'
  readonly pdf: 'none' | 'data' | 'url'
  /** Texts as documents of their own; otherwise they become text of the message. */
  readonly textDocuments: boolean
  readonly audio: boolean
  /** Pictures and documents in a tool's result; otherwise they follow in a message of their own. */
  readonly filesInToolResults: boolean
  readonly textBesideToolCalls: boolean
  readonly strictTools: boolean
  /** "One of the tools must be used". */
  readonly requiredTool: boolean
  /** Levels of reasoning; otherwise it can only be switched off. */
  readonly reasoningLevels: boolean
  /** JSON of any form. */
  readonly jsonObject: boolean
  readonly jsonSchema: boolean
  /** The output limit must be said: the package says the model's maximum when nobody does. */
  readonly needsOutputLimit: boolean
  /** OpenAI's own words for verbosity and its cache. */
  readonly openaiOptions: boolean
  /** Tool calls bear a signature that the model wants back (Gemini's, in `extra_content` as in Google's own OpenAI dialect). */
  readonly signedToolCalls: boolean
  /** How "one tool call at a time" is said. */
  readonly oneToolCall?: ProviderOptions
  /** How the end user is named. */
  readonly endUser?: (id: string) => ProviderOptions
}

const ALL_SAMPLING: readonly Sampling[] = ['stopSequences', 'seed', 'topK', 'frequencyPenalty', 'presencePenalty']
const WITHOUT_TOP_K = ALL_SAMPLING.filter((setting) => setting !== 'topK')

const PLAIN: Abilities = {
  sampling: WITHOUT_TOP_K,
  systemAnywhere: true,
  pictures: 'url',
  pdf: 'data',
  textDocuments: false,
  audio: true,
  filesInToolResults: false,
  textBesideToolCalls: true,
  strictTools: true,
  requiredTool: true,
  reasoningLevels: true,
  jsonObject: true,
  jsonSchema: true,
  needsOutputLimit: false,
  openaiOptions: false,
  signedToolCalls: false,
}

const OPENAI: Abilities = {
  ...PLAIN,
  openaiOptions: true,
  oneToolCall: { openai: { parallelToolCalls: false } },
  endUser: (user) => ({ openai: { user } }),
}

const CLAUDE: Abilities = {
  ...PLAIN,
  sampling: ['stopSequences', 'topK'],
  temperatureAtMost: 1,
  systemAnywhere: false,
  textDocuments: true,
  audio: false,
  filesInToolResults: true,
  jsonObject: false,
}

/** In both ways to Claude; for Bedrock's other models there is no such word. */
const ONE_TOOL_CALL: ProviderOptions = { anthropic: { disableParallelToolUse: true } }

const BY_SDK: Readonly<Record<ChatOffer['sdk'], Abilities>> = {
  openai: OPENAI,
  'openai-responses': { ...OPENAI, sampling: [], pdf: 'url', audio: false, filesInToolResults: true },
  'openai-compatible': {
    ...PLAIN,
    oneToolCall: { compatible: { parallel_tool_calls: false } },
    endUser: (user) => ({ openaiCompatible: { user } }),
  },
  mistral: { ...PLAIN, pdf: 'url', audio: false, oneToolCall: { mistral: { parallelToolCalls: false } } },
  anthropic: {
    ...CLAUDE,
    pdf: 'url',
    needsOutputLimit: true,
    oneToolCall: ONE_TOOL_CALL,
    endUser: (userId) => ({ anthropic: { metadata: { userId } } }),
  },
  'amazon-bedrock': { ...CLAUDE, pictures: 'data' },
  google: {
    ...PLAIN,
    sampling: ALL_SAMPLING,
    temperatureAtMost: 2,
    systemAnywhere: false,
    pictures: 'data',
    filesInToolResults: true,
    signedToolCalls: true,
  },
  cohere: {
    ...PLAIN,
    sampling: ALL_SAMPLING,
    pdf: 'none',
    textDocuments: true,
    audio: false,
    textBesideToolCalls: false,
    strictTools: false,
  },
  ollama: {
    ...PLAIN,
    sampling: ALL_SAMPLING,
    pictures: 'data',
    pdf: 'none',
    audio: false,
    strictTools: false,
    requiredTool: false,
    reasoningLevels: false,
  },
}

/** What a chat with this model of this offer can hold. */
export function abilitiesOf({ sdk, responseFormat, jsonSchema }: ChatOffer, model: string): Abilities {
  const abilities = BY_SDK[sdk]
  if (sdk === 'openai-compatible') {
    return { ...abilities, jsonObject: responseFormat !== 'none', jsonSchema: jsonSchema && responseFormat === undefined }
  }
  return sdk === 'amazon-bedrock' && isClaude(model) ? { ...abilities, oneToolCall: ONE_TOOL_CALL } : abilities
}

/** Anthropic's models behind Amazon Bedrock, in any region or inference profile that names them. */
export const isClaude = (model: string): boolean => model.includes('anthropic.')
