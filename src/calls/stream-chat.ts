import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { chatOfferOf, chatPath } from '../providers/asked.ts'
import type { ChatOffer } from '../providers/offer.ts'
import { findProvider } from '../providers/registry.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { type AttemptFetch, chatModel } from './chat-model.ts'
import { type AskedOnce, askOnce, type CallWrites } from './once.ts'
import { offerAsFound } from './chat-call.ts'
import { worstCaseOfCall } from './price.ts'
import type { CallServices } from './services.ts'

/** A chat in the AI SDK's own terms (messages, tools, pictures), for who has no prompt of one system and one user part. */
export interface OpenChat extends CallRequest {
  readonly options: Omit<LanguageModelV4CallOptions, 'abortSignal'>
  readonly inputTokensAtMost: number // with `outputTokensAtMost` what the call is reserved for
  readonly outputTokensAtMost: number
  /** Other than the provider's own: what a probe wants to know whether it works. */
  readonly offer?: ChatOffer
  /** The last word on the body that the SDK built, where it is of JSON. */
  readonly adapt?: ((body: Readonly<Record<string, unknown>>) => Record<string, unknown>) | undefined
}

/** How a streamed answer came. Its parts were handed on already. */
export interface StreamedChat {
  readonly parts: number
  /** Pieces of bytes: 1 is an answer that did not come as it was made. */
  readonly pieces: number
}

type OnPart = (part: LanguageModelV4StreamPart) => void | Promise<void>

/** How a chat is asked, to be answered in one piece. @throws AppError provider.does_not_serve. */
function planWhole(chat: OpenChat, at: Date): CallPlan<LanguageModelV4GenerateResult> {
  const { candidate, options, signal } = chat
  const offer = offerFor(chat)
  return {
    offer,
    path: chatPath(offer, candidate.model),
    worstCaseNano: worstCaseOfCall({ ...chat, at }),
    tokensAtMost: chat.inputTokensAtMost + chat.outputTokensAtMost,
    ask: async (fetch) => {
      const model = await chatModel({ offer, model: candidate.model, fetch: adapted(chat, fetch) })
      return model.doGenerate({ ...options, abortSignal: signal })
    },
  }
}

/**
 * How a chat is asked, to be answered as it is made: each part goes to `onPart`, and the next one is read when that returned.
 * What `onPart` throws ends the answer: its connection is closed, and what it used until then is settled.
 */
function planStream(chat: OpenChat, { onPart, at }: { onPart: OnPart; at: Date }): CallPlan<StreamedChat> {
  const { candidate, options, signal } = chat
  const offer = offerFor(chat)
  return {
    offer,
    path: chatPath(offer, candidate.model, { streams: true }),
    worstCaseNano: worstCaseOfCall({ ...chat, at }),
    tokensAtMost: chat.inputTokensAtMost + chat.outputTokensAtMost,
    streams: true,
    ask: async (fetch) => {
      const count = { parts: 0, pieces: 0 }
      const model = await chatModel({ offer, model: candidate.model, fetch: counting(adapted(chat, fetch), () => (count.pieces += 1)) })
      const { stream } = await model.doStream({ ...options, abortSignal: signal })
      for await (const part of stream as AsyncIterable<LanguageModelV4StreamPart>) {
        if (part.type === 'error') throw part.error
        count.parts += 1
        await onPart(part)
      }
      return count
    },
  }
}

/**
 * A streamed chat along the path of a call: settled when its reader has read it all, broke off, or left by `signal`. It is made
 * once: of an answer that has begun, parts have been handed on.
 */
export function streamChat(
  services: CallServices,
  chat: OpenChat,
  { onPart, writes }: { onPart: OnPart; writes?: CallWrites },
): Promise<AskedOnce<StreamedChat>> {
  const sent = () => textOf(chat.options)
  return askOnce(services, { request: chat, plan: (at) => planStream(chat, { onPart, at }), sent, writes })
}

/** The same with the answer in one piece. */
export function wholeChat(
  services: CallServices,
  chat: OpenChat,
  { writes }: { writes?: CallWrites } = {},
): Promise<AskedOnce<LanguageModelV4GenerateResult>> {
  return askOnce(services, { request: chat, plan: (at) => planWhole(chat, at), sent: () => textOf(chat.options), writes })
}

const offerFor = ({ offer, candidate: { provider, model, found } }: OpenChat): ChatOffer =>
  offer ?? offerAsFound(chatOfferOf(findProvider(provider), model), found)

function adapted({ adapt }: OpenChat, fetch: AttemptFetch): AttemptFetch {
  if (!adapt) return fetch
  return (url, init) => {
    if (typeof init?.body !== 'string') throw new Error('only a body of JSON can be adapted')
    return fetch(url, { ...init, body: JSON.stringify(adapt(JSON.parse(init.body) as Record<string, unknown>)) })
  }
}

/** Counts the pieces of an answer on their way. */
function counting(fetch: AttemptFetch, onPiece: () => void): AttemptFetch {
  return async (url, init) => {
    const { body, status, headers } = await fetch(url, init)
    const counted = body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, out) {
          onPiece()
          out.enqueue(piece)
        },
      }),
    )
    return new Response(counted ?? null, { status, headers })
  }
}

function textOf({ prompt }: OpenChat['options']): string {
  return prompt
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
    )
    .join(' ')
}
