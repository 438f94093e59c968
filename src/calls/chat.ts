import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { Money } from '../base/money.ts'
import type { Usage } from '../base/usage.ts'
import type { ResultWrite, Settlement } from '../ledger/settlement.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { type ChatCall, planChat } from './chat-call.ts'
import { type HandedOver, type RequestEnd, requestOrHandOver } from './request.ts'
import type { CallServices } from './services.ts'

export interface ChatRequest<T> extends ChatCall {
  /** Called once, with the last attempt's outcome: the value for the caller, and results to commit with the ledger entry. */
  readonly settleWith: (outcome: ChatOutcome) => { readonly value: T; readonly writes: readonly ResultWrite<never>[] }
}

/** What became of a request, told to its caller before the commit. `cost` is that of all its attempts; undefined is unknown. */
export type ChatOutcome =
  | {
      readonly kind: 'answered'
      readonly callId: string
      readonly text: string
      readonly cutShort: boolean // by the output limit
      readonly cost: Money | undefined
      readonly usage: Usage | undefined // of this call; undefined is unknown
    }
  | { readonly kind: 'failed'; readonly callId: string; readonly failure: ProviderFailure; readonly cost: Money | undefined }

/**
 * One chat request along the whole path of a call, retried where the provider's answer says that may help; each attempt
 * is a call of its own with its own ledger entry. Never throws for what a provider does.
 */
export async function chat<T>(services: CallServices, request: ChatRequest<T>): Promise<RequestEnd<T>> {
  const end = await chatOrHandOver(services, request, () => false)
  if (end.kind === 'handed_over') throw new Error('nobody was there to take over')
  return end
}

/** The same, for a request that another candidate may take over: see `requestOrHandOver`. */
export function chatOrHandOver<T>(
  services: CallServices,
  request: ChatRequest<T>,
  handsOver: (failure: ProviderFailure) => boolean,
): Promise<RequestEnd<T> | HandedOver> {
  const { settleWith, ...call } = request
  return requestOrHandOver<LanguageModelV4GenerateResult, T>(
    services,
    {
      ...call,
      plan: (at) => planChat(request, at),
      sent: () => `${request.system} ${request.user}`,
      settleWith: (outcome) => settleWith(outcome.kind === 'answered' ? answered(outcome.answer, outcome.base, outcome.cost) : outcome),
    },
    handsOver,
  )
}

function answered(result: LanguageModelV4GenerateResult, { intent, usage }: Settlement, cost: Money | undefined): ChatOutcome {
  return { kind: 'answered', callId: intent.id, ...textOfAnswer(result), cost, usage }
}

/** What a model said, and whether the output limit cut it short. */
export function textOfAnswer({
  structuredOutputText,
  content,
  finishReason,
}: LanguageModelV4GenerateResult): Pick<ChatOutcome & { kind: 'answered' }, 'text' | 'cutShort'> {
  const text = structuredOutputText ?? content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
  return { text, cutShort: finishReason.unified === 'length' }
}
