import type { ServerResponse } from 'node:http'
import { AppError } from '../../base/errors.ts'
import { countInput } from '../../calls/estimate.ts'
import { freeCall } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import { findProvider } from '../../providers/registry.ts'
import { tokenCounter } from '../../providers/tokenizers.ts'
import { NOT_STORED } from './reply.ts'
import type { GatewayRequest } from './request.ts'
import type { Resolved, ResolvedCandidate } from './resolve.ts'
import { bodyFor } from './same-dialect.ts'

/** What a picture or a page of a file takes at most at Anthropic; others tell less of theirs. */
const TOKENS_OF_OTHERS = 1_600

interface Counting {
  readonly request: GatewayRequest
  readonly resolved: Resolved
  readonly signal: AbortSignal
}

/**
 * How many tokens a request of Anthropic's dialect holds: the provider's own count where it speaks that dialect, free of charge
 * and an entry in the ledger as every call; else about as many as its tokenizer says, which a header then tells.
 */
export async function replyWithCount(outgoing: ServerResponse, services: CallServices, counting: Counting): Promise<void> {
  const [first] = counting.resolved.candidates
  const { candidate, slug } = first!
  const speaks = counting.request.endpoint.offerOf(findProvider(candidate.provider), candidate.model)?.offer.protocol.id
  const isOwn = speaks === counting.request.endpoint.protocol
  const counted = (isOwn ? await askCount(services, counting, first!) : undefined) ?? (await estimateCount(counting.request, first!))
  outgoing.writeHead(200, {
    ...NOT_STORED,
    'content-type': 'application/json',
    'content-length': counted.bytes.byteLength,
    'x-latchkey-connection': slug,
    'x-latchkey-cost': '0',
    ...(counted.estimated === undefined ? {} : { 'x-latchkey-estimated': counted.estimated }),
  })
  outgoing.end(counted.bytes)
}

interface Count {
  readonly bytes: Uint8Array
  /** By which rule. */
  readonly estimated?: string
}

/** Undefined: a server of the same dialect that does not count. */
async function askCount(
  services: CallServices,
  { request, resolved: { context }, signal }: Counting,
  { candidate }: ResolvedCandidate,
): Promise<Count | undefined> {
  const { key, endpoint, headers } = request
  const { provider, model, connectionId } = candidate
  const call = {
    workspaceId: key.workspaceId,
    connectionId,
    provider,
    actor: `user:${key.ownerId}`,
    member: key.ownerId,
    virtualKeyId: key.id,
    origin: `virtual-key:${key.id}`,
    context,
    signal,
    model,
  }
  const bytes = { body: bodyFor(request, { model, takesUsageOut: false }), headers }
  try {
    return await freeCall(services, call, async (ask) => {
      const answer = await ask({ method: 'POST', path: endpoint.path, bytes })
      return { bytes: await answer.readAll() }
    })
  } catch (error) {
    const isUnknownThere = error instanceof AppError && error.code === 'provider.model_missing' && provider !== 'anthropic'
    if (isUnknownThere) return undefined
    throw error
  }
}

async function estimateCount({ body }: GatewayRequest, { candidate: { provider, model, standsFor } }: ResolvedCandidate): Promise<Count> {
  const counter = await tokenCounter(provider, standsFor ?? model)
  const counted = countInput(counter, body)
  if (!counted) throw new AppError('request.invalid', 'The body is not JSON.')
  const answer = { input_tokens: counted.tokens + counted.others * TOKENS_OF_OTHERS }
  return { bytes: Buffer.from(JSON.stringify(answer)), estimated: counter.source.replaceAll(/[^\x20-\x7e]/g, '-') }
}
