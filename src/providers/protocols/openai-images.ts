import { defined, objectOf } from '../../base/json.ts'
import type { Usage } from '../../base/usage.ts'
import type { DeclaredCost, ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify } from './classify.ts'
import { createCountReader, type CountReader, usageOf } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

export interface OpenAiImagesRules {
  /** What the usage block says was charged, where a provider says so. */
  readonly declaredCost?: (usage: Block) => DeclaredCost | undefined
  /** Where the usage block is another than OpenAI's. */
  readonly readTokens?: (usage: Block, counts: CountReader) => Usage
}

/**
 * OpenAI images, generations and edits, whole and streamed. Usage is in tokens: input split into words and images, and so is the
 * output where the model also writes; total = input + output. A provider that charges by the image sends no tokens: the images
 * are counted then.
 * @see https://platform.openai.com/docs/api-reference/images
 */
export function openAiImagesWith(rules: OpenAiImagesRules): Protocol {
  return { id: 'openai-images', usage: usageReader(rules), classifyError, classifyBodyError }
}

export const openAiImages: Protocol = openAiImagesWith({})

function usageReader(rules: OpenAiImagesRules): UsageReader {
  return {
    whole: (body) => {
      const answer = objectOf(body)
      const images = Array.isArray(answer?.['data']) ? answer['data'].length : 0
      return metered({ blocks: blocksOf(answer), images, complete: true }, rules)
    },
    stream: () => {
      const blocks: Block[] = []
      let images = 0
      return {
        // each image ends with an event of its own; those before it show it half done
        push: (value) => {
          const event = objectOf(value)
          if (!/^image_(?:generation|edit)\.completed$/.test(String(event?.['type']))) return
          images += 1
          blocks.push(...blocksOf(event))
        },
        end: () => metered({ blocks, images, complete: images > 0 }, rules),
      }
    },
  }
}

function blocksOf(holder: Block | undefined): Block[] {
  const block = objectOf(holder?.['usage'])
  return block ? [block] : []
}

function metered(
  { blocks, images, complete }: { blocks: readonly Block[]; images: number; complete: boolean },
  { declaredCost, readTokens = readOpenAiTokens }: OpenAiImagesRules,
): MeteredUsage {
  if (!complete) return { usage: undefined, source: 'reported', doubt: 'the stream ended early' }
  const [block] = blocks
  const about = defined<Partial<MeteredUsage>>({
    raw: blocks.length > 1 ? blocks : block,
    declaredCost: blocks.length === 1 ? declaredCost?.(block!) : undefined,
  })
  const inTokens = blocks.filter((one) => TOKEN_FIELDS.some((field) => one[field] !== undefined))
  if (inTokens.length === 0) {
    if (images === 0) return { usage: undefined, source: 'reported', doubt: 'the answer has neither usage nor images', ...about }
    return { usage: { images }, source: 'counted', ...about }
  }
  const counts = createCountReader()
  const sum: Record<string, number> = {}
  for (const one of inTokens) {
    for (const [unit, count] of Object.entries(readTokens(one, counts))) sum[unit] = (sum[unit] ?? 0) + count
  }
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  return { usage: sum, source: 'reported', ...about }
}

const TOKEN_FIELDS = ['input_tokens', 'output_tokens', 'prompt_tokens', 'completion_tokens', 'total_tokens'] as const

function readOpenAiTokens(block: Block, counts: CountReader): Usage {
  const input = counts.required(block, 'input_tokens')
  const output = counts.required(block, 'output_tokens')
  const total = counts.read(block, 'total_tokens')
  counts.check(total === undefined || total === input + output, () => `total_tokens is ${total}, its parts sum to ${input + output}`)
  const inputDetails = objectOf(block['input_tokens_details'])
  const text = counts.required(inputDetails, 'text_tokens') // images that go in cost more: what is what must be said
  const image = counts.read(inputDetails, 'image_tokens')
  counts.check(text + (image ?? 0) === input, () => `the details of ${input} input_tokens sum to ${text + (image ?? 0)}`)
  const outputDetails = objectOf(block['output_tokens_details'])
  const written = outputDetails ? counts.read(outputDetails, 'text_tokens') : undefined
  const drawn = outputDetails ? counts.required(outputDetails, 'image_tokens') : output
  counts.check(drawn + (written ?? 0) === output, () => `the details of ${output} output_tokens sum to ${drawn + (written ?? 0)}`)
  return usageOf({ input_tokens: text, image_input_tokens: image, output_tokens: written, image_output_tokens: drawn })
}

const UNVERIFIED =
  'OpenAI serves this model to verified organizations only. Verify yours at https://platform.openai.com/settings/organization/general; after that it can take 15 minutes.'

function classifyError(answer: ErrorAnswer): ProviderFailure {
  const failure = classify(answer, [])
  const isUnverified = answer.status === 403 && /organization must be verified/i.test(failure.excerpt ?? '')
  return isUnverified ? { ...failure, detail: UNVERIFIED } : failure
}

/** An error inside an answer of status 200, or as an event of a stream. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const error = objectOf(answer.body)?.['error']
  if (error === undefined || error === null) return undefined
  return classify({ ...answer, status: 500, body: { error } }, [])
}
