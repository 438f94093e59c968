import { defined, objectOf, textOf } from '../../base/json.ts'
import type { Usage } from '../../base/usage.ts'
import type { MeteredUsage, UsageReader } from '../wire-protocol.ts'
import { createCountReader, usageOf, type CountReader } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Usage of Gemini's generateContent, at Google AI and at Vertex AI. `promptTokenCount` includes cache reads;
 * `toolUsePromptTokenCount` (what searches and fetched pages put into the prompt) stands beside it, and `thoughtsTokenCount`
 * beside `candidatesTokenCount`: total = prompt + candidates + thoughts + tool use. Zeros are left out, so a part that is
 * absent is zero only where the total says so. Each chunk of a stream has the counts so far: the last word counts.
 * @see https://ai.google.dev/api/generate-content#UsageMetadata
 */
export const geminiUsage: UsageReader = {
  whole: (body) => {
    const answer = objectOf(body) ?? {}
    return metered({ answer, block: objectOf(answer['usageMetadata']), queries: queriesOf(answer), complete: true })
  },
  stream: () => {
    let answer: Block = {}
    let block: Block | undefined
    let complete = false
    const queries = new Set<string>()
    return {
      push: (event) => {
        const chunk = objectOf(event)
        if (!chunk) return
        answer = defined({
          modelVersion: textOf(chunk['modelVersion']) ?? answer['modelVersion'],
          responseId: textOf(chunk['responseId']) ?? answer['responseId'],
        })
        block = objectOf(chunk['usageMetadata']) ?? block
        for (const query of queriesOf(chunk)) queries.add(query)
        if (candidatesOf(chunk).some((candidate) => textOf(candidate['finishReason']))) complete = true
        if (objectOf(chunk['promptFeedback'])?.['blockReason']) complete = true
      },
      end: () => metered({ answer, block, queries, complete }),
    }
  },
}

export function candidatesOf(answer: Block): Block[] {
  const candidates = answer['candidates']
  return Array.isArray(candidates) ? candidates.map(objectOf).filter((candidate) => candidate !== undefined) : []
}

/** What was searched for on the web: each query once. */
function queriesOf(answer: Block): Set<string> {
  const queries = candidatesOf(answer).map((candidate) => objectOf(candidate['groundingMetadata'])?.['webSearchQueries'])
  return new Set(queries.flatMap((list) => (Array.isArray(list) ? list.map(textOf).filter((query) => query !== undefined) : [])))
}

function metered(found: { answer: Block; block: Block | undefined; queries: ReadonlySet<string>; complete: boolean }): MeteredUsage {
  const { answer, block, queries, complete } = found
  const servedModel = textOf(answer['modelVersion'])
  const about = defined<Partial<MeteredUsage>>({
    raw: block,
    servedModel,
    serviceTier: tierOf(block),
    providerRequestId: textOf(answer['responseId']),
  })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const inferred: string[] = []
  const usage = { ...readTokens(block, { counts, inferred }), ...searchesOf(queries, servedModel) }
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  if (!complete) return { usage: undefined, source: 'reported', doubt: 'the stream ended early', atLeast: usage, ...about }
  if (inferred.length > 0) return { usage, source: 'estimated', doubt: inferred.join('; '), ...about }
  return { usage, source: 'reported', ...about }
}

/** Google AI names the tier; Vertex AI says how the traffic is paid, of which ON_DEMAND is the standard. */
function tierOf(block: Block | undefined): string | undefined {
  const traffic = textOf(block?.['trafficType'])
  return textOf(block?.['serviceTier']) ?? (traffic === 'ON_DEMAND' ? undefined : traffic?.toLowerCase())
}

/** From Gemini 3 on each query is charged, before that a prompt that was grounded at all. */
function searchesOf(queries: ReadonlySet<string>, servedModel: string | undefined): Usage {
  if (queries.size === 0) return {}
  return { searches: /gemini-[12]\b/.test(servedModel ?? '') ? 1 : queries.size }
}

function readTokens(block: Block, { counts, inferred }: { counts: CountReader; inferred: string[] }): Usage {
  const prompt = counts.required(block, 'promptTokenCount')
  const tool = counts.read(block, 'toolUsePromptTokenCount')
  const cached = counts.read(block, 'cachedContentTokenCount')
  const thoughts = counts.read(block, 'thoughtsTokenCount')
  const total = counts.read(block, 'totalTokenCount')
  // an answer of no visible token leaves the count out; without a total it would be unknown
  const output = total === undefined ? counts.required(block, 'candidatesTokenCount') : (counts.read(block, 'candidatesTokenCount') ?? 0)
  const sum = prompt + (tool ?? 0) + output + (thoughts ?? 0)
  counts.check(total === undefined || total === sum, () => `totalTokenCount is ${total}, its parts sum to ${sum}`)

  // Pictures, films and documents are charged as text is; only sound has prices of its own, and pictures that come out.
  const audio = ofModality(block, 'promptTokensDetails', { modality: 'AUDIO', counts })
  const audioCached = ofModality(block, 'cacheTokensDetails', { modality: 'AUDIO', counts })
  const imageOutput = ofModality(block, 'candidatesTokensDetails', { modality: 'IMAGE', counts })
  const audioOutput = ofModality(block, 'candidatesTokensDetails', { modality: 'AUDIO', counts })
  if (audio !== undefined && cached && !Array.isArray(block['cacheTokensDetails'])) {
    inferred.push(`whether sound is among ${cached} cachedContentTokenCount is not said`)
  }
  const audioInput = audio === undefined ? undefined : audio - (audioCached ?? 0)
  counts.check((audioInput ?? 0) >= 0, () => `cacheTokensDetails has ${audioCached} of AUDIO, promptTokensDetails only ${audio}`)
  const uncached = prompt - (cached ?? 0) - (audioInput ?? 0)
  const visible = output - (imageOutput ?? 0) - (audioOutput ?? 0)
  counts.check(uncached >= 0, () => `the details of ${prompt} promptTokenCount exceed them by ${-uncached}`)
  counts.check(visible >= 0, () => `the details of ${output} candidatesTokenCount exceed them by ${-visible}`)
  return usageOf({
    input_tokens: uncached + (tool ?? 0),
    cache_read_tokens: cached,
    audio_input_tokens: audioInput,
    output_tokens: visible,
    reasoning_tokens: thoughts,
    image_output_tokens: imageOutput,
    audio_output_tokens: audioOutput,
  })
}

function ofModality(block: Block, field: string, { modality, counts }: { modality: string; counts: CountReader }): number | undefined {
  const details = block[field]
  if (!Array.isArray(details)) return undefined
  const ofIt = details.map(objectOf).filter((detail) => detail?.['modality'] === modality)
  return ofIt.length === 0 ? undefined : ofIt.reduce((sum, detail) => sum + (counts.read(detail, 'tokenCount') ?? 0), 0)
}
