import { objectOf } from '../base/json.ts'
import type { Usage } from '../base/usage.ts'
import { type TokenCounter, tokenCounter } from '../providers/tokenizers.ts'
import type { WireRecord } from './attempt.ts'
import type { Candidate } from './call.ts'

/**
 * What a stream that broke off has used, where its provider did not come to say it: a provider bills what its model wrote until
 * then (facts: money, 2c). Input is what the stream said at its start, else the request's texts, counted; output is the text that
 * came, counted. It is marked `estimated` and counts as a guess: what budgets are charged for it says `chargeOf`. Nothing is
 * estimated of a stream in which nothing was written, or of pictures, sound and files, which no tokenizer counts.
 */
export async function estimateBroken(wire: WireRecord, { provider, model, standsFor }: Candidate): Promise<void> {
  const { streamed, metered } = wire
  if (!streamed || streamed.said === '' || metered?.usage || metered?.declaredCost) return
  const counter = await tokenCounter(provider, standsFor ?? model)
  const input = inputIn(metered?.atLeast) ?? inputCounted(counter, streamed.body)
  if (!input) return
  const output = Math.max(countAbout(counter, streamed.said), metered?.atLeast?.output_tokens ?? 0)
  wire.metered = {
    ...metered,
    usage: { ...input, output_tokens: output },
    source: 'estimated',
    doubt: `the stream broke off: ${counter.source}`,
  }
}

function inputIn(usage: Usage | undefined): Usage | undefined {
  if (usage?.input_tokens === undefined) return undefined
  const { output_tokens: _, reasoning_tokens: __, ...input } = usage
  return input
}

function inputCounted(counter: TokenCounter, body: string | Uint8Array): Usage | undefined {
  const counted = countInput(counter, body)
  return counted && counted.others === 0 ? { input_tokens: counted.tokens } : undefined
}

/** About how many tokens the texts of a request have, and how many pictures, sounds and files stand beside them; undefined: it is no JSON. */
export function countInput(counter: TokenCounter, body: string | Uint8Array): { tokens: number; others: number } | undefined {
  const found: Found = { texts: [], others: 0 }
  try {
    const request = objectOf(JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))) ?? {}
    for (const name of INPUT) collect(request[name], found)
  } catch {
    return undefined
  }
  const { low, high } = counter.overhead
  return { tokens: countAbout(counter, found.texts.join('\n')) + Math.round((low + high) / 2), others: found.others }
}

interface Found {
  readonly texts: string[]
  others: number
}

/** Where the input stands in the bodies of the protocols there are. */
const INPUT = ['messages', 'system', 'input', 'instructions', 'contents', 'systemInstruction', 'tools', 'toolConfig']
/** Words of the protocol, not of the prompt. */
const NOT_COUNTED = new Set([
  'type',
  'role',
  'id',
  'tool_call_id',
  'tool_use_id',
  'call_id',
  'cache_control',
  'signature',
  'encrypted_content',
])
/** What is no text, by the name of its field. */
const NO_TEXT = new Set(['image_url', 'input_audio', 'file', 'file_id', 'file_data', 'images', 'image', 'inlineData', 'fileData', 'source'])

function collect(value: unknown, found: Found): void {
  if (typeof value === 'string') found.texts.push(value)
  else if (Array.isArray(value)) for (const entry of value) collect(entry, found)
  else {
    for (const [name, entry] of Object.entries(objectOf(value) ?? {})) {
      if (NO_TEXT.has(name)) found.others += entry === null ? 0 : 1
      else if (!NOT_COUNTED.has(name)) collect(entry, found)
    }
  }
}

/** Counting takes a second for some megabytes: of a longer text pieces from all over it are counted, for all. */
const COUNTED_CHARACTERS = 200_000
const PIECES = 20

export function countAbout(counter: TokenCounter, text: string): number {
  if (text.length <= COUNTED_CHARACTERS) return counter.count(text)
  const length = COUNTED_CHARACTERS / PIECES
  const step = (text.length - length) / (PIECES - 1)
  const tokens = Array.from({ length: PIECES }, (_, piece) => counter.count(text.slice(Math.round(piece * step)).slice(0, length)))
  return Math.ceil((tokens.reduce((sum, count) => sum + count, 0) * text.length) / COUNTED_CHARACTERS)
}
