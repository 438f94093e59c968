import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import { defined } from '../base/json.ts'
import type { Money } from '../base/money.ts'
import type { ResultWrite } from '../ledger/settlement.ts'
import { offerOf, pathOf } from '../providers/asked.ts'
import type { TranslationOffer } from '../providers/offer.ts'
import { findProvider } from '../providers/registry.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { worstCaseOfUsage } from './price.ts'
import { type HandedOver, type Outcome, type RequestEnd, requestOrHandOver } from './request.ts'
import { addCosts } from './retry.ts'
import type { CallServices } from './services.ts'

/** Texts to be translated into one language, along the path of a call. */
export interface TranslateRequest extends CallRequest {
  readonly texts: readonly string[]
  /** BCP 47, as the provider lists its languages. */
  readonly targetLanguage: string
  /** Absent: the provider finds out, for each text by itself. */
  readonly sourceLanguage?: string | undefined
  /** What helps to understand the texts: told to the provider as context, not translated, not charged. */
  readonly about?: string | undefined
  readonly formality?: 'more' | 'less' | 'prefer_more' | 'prefer_less' | undefined
  /** Needs the source language. */
  readonly glossaryId?: string | undefined
  /** Markup is kept, and not charged. */
  readonly markup?: 'html' | 'xml' | undefined
  /** Results to commit with the ledger entry of the call that gave them: `from` is the place of its first text. */
  readonly writesOf?:
    | ((part: { from: number; callId: string; translations: readonly Translation[] }) => readonly ResultWrite<never>[])
    | undefined
}

export interface Translation {
  readonly text: string
  /** The language of the source as the provider found it, in its own code; undefined where it does not say. */
  readonly detectedLanguage: string | undefined
}

/** What came of it. A request that fails ends the work: what was translated before it is kept and paid for. */
export interface TranslateEnd {
  /** In the order of the texts, from the first one on; fewer of them where it stopped. */
  readonly translations: readonly Translation[]
  /** Of all calls, failed ones too; undefined is unknown. */
  readonly cost: Money | undefined
  /** Why it stopped before the last text; absent: it did not. */
  readonly stopped?: Exclude<RequestEnd<never>, { kind: 'settled' }> | Extract<Outcome<never>, { kind: 'failed' }>
}

/** DeepL's models; any other name is the provider's default. */
const MODEL_TYPES: ReadonlySet<string> = new Set(['quality_optimized', 'latency_optimized', 'prefer_quality_optimized'])

/**
 * Translates texts with a provider that has translation of its own, in as many requests as its bounds ask for, one after
 * another; each is a call of its own with its own ledger entry. Never throws for what a provider does.
 * @throws AppError provider.does_not_serve, request.too_large for a text that fits no request, request.invalid.
 */
export async function translate(services: CallServices, request: TranslateRequest): Promise<TranslateEnd> {
  if (request.glossaryId !== undefined && request.sourceLanguage === undefined) {
    throw new AppError('request.invalid', 'A glossary is of two languages: name the language of the source too.')
  }
  const { candidate, currency, writesOf } = request
  const offer = offerOf(findProvider(candidate.provider), 'translation')
  const translations: Translation[] = []
  let cost: Money | undefined = { nano: 0n, currency }
  for (const texts of inRequests(request, offer)) {
    const from = translations.length
    const end: RequestEnd<Outcome<Translation[]>> | HandedOver = await requestOrHandOver<Translation[], Outcome<Translation[]>>(
      services,
      {
        ...request,
        plan: (at) => planTranslation({ ...request, texts }, offer, at),
        sent: () => texts.join(' '),
        settleWith: (outcome) => {
          if (outcome.kind === 'failed') return { value: outcome, writes: [] }
          const callId = outcome.base.intent.id
          return { value: outcome, writes: writesOf?.({ from, callId, translations: outcome.answer }) ?? [] }
        },
      },
      () => false,
    )
    if (end.kind === 'handed_over') throw new Error('nobody was there to take over')
    if (end.kind !== 'settled') return { translations, cost, stopped: end }
    cost = addCosts(cost, end.value.cost)
    if (end.value.kind === 'failed') return { translations, cost, stopped: end.value }
    translations.push(...end.value.answer)
  }
  return { translations, cost }
}

/** How many characters a text has where they are charged: Unicode code points. */
export const codePointsOf = (text: string): number => {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/**
 * The texts in their order, in as many parts as requests are needed. @throws AppError request.too_large for a text that fits
 * none.
 */
export function inRequests(
  request: Omit<TranslateRequest, keyof CallRequest> & Pick<CallRequest, 'candidate'>,
  offer: TranslationOffer,
): string[][] {
  const room = offer.bytesAtMost - bytesOf(bodyOf({ ...request, texts: [] }))
  const parts: string[][] = []
  let used = 0
  for (const text of request.texts) {
    const bytes = bytesOf(JSON.stringify(text)) + 1 // and the comma
    if (bytes > room) {
      throw new AppError(
        'request.too_large',
        `One text is too long to be translated at once: a request holds ${offer.bytesAtMost} bytes. Divide it.`,
      )
    }
    const part = parts.at(-1)
    if (part && part.length < offer.textsAtMost && used + bytes <= room) {
      part.push(text)
      used += bytes
    } else {
      parts.push([text])
      used = bytes
    }
  }
  return parts
}

const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8')

function planTranslation(request: TranslateRequest, offer: TranslationOffer, at: Date): CallPlan<Translation[]> {
  const { candidate, currency, texts } = request
  // what is charged is this or, without the markup, less
  const characters = texts.reduce((sum, text) => sum + codePointsOf(text), 0)
  return {
    offer,
    path: pathOf(offer, candidate.model),
    worstCaseNano: worstCaseOfUsage({ candidate, currency, at, usage: { characters } }),
    ask: async (fetch, { meter }) => {
      const response = await fetch('', { method: 'POST', body: bodyOf(request) })
      const body: unknown = await response.json()
      const answer = answerSchema.safeParse(body).data?.translations
      if (answer?.length !== texts.length) throw new Error('an answer of another number of texts')
      const metered = offer.protocol.usage.whole(body)
      if (!metered.usage) meter({ ...metered, usage: { characters }, source: 'counted' })
      return answer.map(({ text, detected_source_language: detectedLanguage }) => ({ text, detectedLanguage }))
    },
  }
}

const answerSchema = z.object({
  translations: z.array(z.object({ text: z.string(), detected_source_language: z.string().optional() })),
})

/** DeepL's own words. Regions matter in what is written, and are no part of what is read: "en-GB" is read as English. */
function bodyOf(request: Omit<TranslateRequest, keyof CallRequest> & Pick<CallRequest, 'candidate'>): string {
  const { candidate, texts, targetLanguage, sourceLanguage, about, formality, glossaryId, markup } = request
  return JSON.stringify(
    defined({
      text: texts,
      target_lang: targetLanguage.toUpperCase(),
      source_lang: sourceLanguage?.toUpperCase().replace(/-.*$/, ''),
      show_billed_characters: true,
      context: about,
      formality,
      glossary_id: glossaryId,
      tag_handling: markup,
      model_type: MODEL_TYPES.has(candidate.model) ? candidate.model : undefined,
    }),
  )
}
