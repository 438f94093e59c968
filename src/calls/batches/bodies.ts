import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { JsonBody } from '../../providers/batch.ts'
import { chatOfferOf, chatPath } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { type ChatCall, generate, offerAsFound } from '../chat-call.ts'
import { textOfAnswer } from '../chat.ts'

/** What of a call its body is made of. */
export type ChatBody = Pick<
  ChatCall,
  'candidate' | 'system' | 'user' | 'schema' | 'schemaName' | 'maxOutputTokens' | 'reasoning' | 'signal'
>

/** A request as its provider would get it by itself. */
export interface WrittenBody {
  readonly path: string
  readonly body: JsonBody
  /** What Anthropic calls the features that the body uses: said once for all of a batch. */
  readonly beta: string | undefined
}

/** What ends a request before anything of it is sent: its body is all that was wanted. */
class BodyTaken extends Error {}

/** The body that a call would send, built by the same package. Nothing is sent. */
export async function writeBody(call: ChatBody): Promise<WrittenBody> {
  const { provider, model, found } = call.candidate
  const offer = offerAsFound(chatOfferOf(findProvider(provider), model), found)
  let written: WrittenBody | undefined
  try {
    await generate(call, offer, async (_url, init) => {
      if (typeof init?.body !== 'string') throw new Error('a request of a batch is JSON')
      const body = JSON.parse(init.body) as JsonBody
      written = { path: chatPath(offer, model), body, beta: new Headers(init.headers).get('anthropic-beta') ?? undefined }
      throw new BodyTaken()
    })
  } catch (error) {
    if (!written) throw error
  }
  return written!
}

/** An answer's text, read by the same package as a call's. @throws for what is no answer of the provider's. */
export async function readBody(
  call: Pick<ChatBody, 'candidate' | 'schema' | 'schemaName' | 'signal'>,
  body: unknown,
): Promise<{ readonly text: string; readonly cutShort: boolean }> {
  const { provider, model, found } = call.candidate
  const offer = offerAsFound(chatOfferOf(findProvider(provider), model), found)
  const asked = { ...call, system: '', user: '', maxOutputTokens: 1 }
  const answer: LanguageModelV4GenerateResult = await generate(
    asked,
    offer,
    async () => new Response(JSON.stringify(body), { status: 200, headers: { 'content-type': 'application/json' } }),
  )
  return textOfAnswer(answer)
}
