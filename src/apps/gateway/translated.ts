import { offerAsFound } from '../../calls/chat-call.ts'
import { chatModel } from '../../calls/chat-model.ts'
import type { Forwarded } from '../../calls/forward.ts'
import type { CallServices } from '../../calls/services.ts'
import { ProviderCallError } from '../../providers/failure.ts'
import { chatOfferOf, chatPath } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { answerBounds } from './bounds.ts'
import { CHAT_DIALECTS } from './dialects.ts'
import { boundsOfTry, callOf, type Passed, type Try } from './same-dialect.ts'
import { askTranslated, bodyOf, failedFrom, failureIn, headOf, receiptOf, settlementIn, type Translation } from './translated-call.ts'
import { streamTranslated } from './translated-stream.ts'
import { withinOutputLimit } from './translate/output-limit.ts'
import { PARAMETERS_HEADER, parametersHeader, takeWarnings } from './translate/report.ts'
import type { TranslatedRequest } from './translate/settings.ts'
import { failureOfFinish } from './translate/stream.ts'

/**
 * Asks a provider that speaks another dialect than the program: the request is said in the provider's words, and its answer in
 * the program's, along the same path as every call.
 * @throws AppError request.invalid, provider.does_not_serve; RequestRefusal where a parameter cannot be honoured. Nothing was
 * sent then.
 */
export async function passTranslated(services: CallServices, one: Try): Promise<Passed> {
  const { candidate } = one.resolved
  const { model } = candidate
  const dialect = CHAT_DIALECTS[one.request.endpoint.dialect]
  const offer = offerAsFound(chatOfferOf(findProvider(candidate.provider), model), candidate.found)
  const bounds = boundsOfTry(services, one)
  const limit = bounds.outputTokensAtMost
  const read = dialect.read(bodyOf(one.request), { offer, model: candidate.standsFor ?? model })
  const translated = { ...read, options: { ...read.options, ...limitDemanded(read, limit) } }
  const { report, streams } = translated
  // a limit that nobody said, and the provider does not demand, is the model's own
  const held = translated.options.maxOutputTokens === undefined ? undefined : limit
  const { worstCaseNano, tokensAtMost, attempt: _, ...call } = callOf(services, one, bounds)
  const translation: Translation = {
    one,
    call,
    plan: {
      offer,
      path: chatPath(offer, model, { streams }),
      worstCaseNano,
      tokensAtMost,
      streams,
      bounds: answerBounds(one.request),
      handsOnRefusals: true,
    },
    dialect,
    translated,
    modelOver: (fetch) =>
      chatModel({ offer, model, fetch: withinOutputLimit(fetch, { sdk: offer.sdk, limit: held, report, parameter: dialect.thinking }) }),
  }
  const forwarded = await (streams ? streamTranslated : wholeTranslated)(services, translation)
  return { forwarded, takesUsageOut: false, headers: { [PARAMETERS_HEADER]: parametersHeader(report) } }
}

/** What was reserved is also what a provider that demands a limit is told: its package would choose a larger one. */
function limitDemanded({ options, report }: TranslatedRequest, limit: number | undefined): { maxOutputTokens?: number } {
  const isDemanded = options.maxOutputTokens === undefined && report.fates.get('max_tokens')?.outcome === 'added'
  return isDemanded && limit !== undefined ? { maxOutputTokens: limit } : {}
}

async function wholeTranslated(services: CallServices, translation: Translation): Promise<Forwarded> {
  const { dialect, translated, modelOver, call } = translation
  let said: { readonly bytes: Uint8Array; readonly sentAtMs: number; readonly providerMs: number } | undefined
  const asked = await askTranslated(services, translation, call.signal, async (fetch, after) => {
    let sentAtMs = 0
    let providerMs = 0
    const model = await modelOver(async (url, init) => {
      sentAtMs = performance.now()
      const answer = await fetch(url, init)
      providerMs = performance.now() - sentAtMs
      return answer
    })
    const result = await model.doGenerate({ ...translated.options, abortSignal: call.signal })
    takeWarnings(translated.report, result.warnings, dialect.names)
    const failure = failureOfFinish(result.finishReason)
    if (failure) throw new ProviderCallError(failure, 'maybe')
    const head = headOf(translation, { callId: after.callId, createdAt: services.clock.now() })
    const body = dialect.write(result, head, after.metered()?.usage)
    said = { bytes: Buffer.from(JSON.stringify(body)), sentAtMs, providerMs }
  })
  const base = settlementIn(asked)
  if (!said || !base) return failedFrom(asked)
  return { kind: 'whole', callId: base.intent.id, status: 200, headers: JSON_HEADERS, ...said, receipt: receiptOf(base, failureIn(asked)) }
}

const JSON_HEADERS = { 'content-type': 'application/json' }
