import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { BATCH_DIALECTS, type BatchDialectName, type MockBatch, type MockResult } from './mock-batch-dialects.ts'
import { type MockProvider, type MockUsage, type Script, startMockProvider } from './mock-provider.ts'

/** The requests that steer batches. */
export type BatchStep = 'upload' | 'create' | 'look' | 'list' | 'results' | 'cancel' | 'discard'

/** `cut`: the connection is closed; `lost`: it is done all the same, and nobody hears of it; `half`: half of the results come. */
export interface BatchFault {
  readonly step: BatchStep
  readonly with: { readonly status: number; readonly retryAfterSeconds?: number } | 'cut' | 'lost' | 'half'
  times: number
}

/** How a batch ends: `done` of its requests are worked through, the rest is as the end says. */
export interface BatchEnding {
  readonly end: 'completed' | 'expired' | 'refused'
  readonly done?: number
}

/** The four documented batch interfaces, each in front of the same mock of a provider, which answers the requests one by one. */
export interface MockBatches {
  readonly url: string
  readonly provider: MockProvider
  readonly batches: MockBatch[]
  /** By custom id: how often a request was worked through, and so charged; with what its answer says of usage. */
  readonly billed: Map<string, { times: number; status: number; body: unknown }>
  /** What is in the account's files: what was uploaded, and the results of batches that have ended. */
  readonly files: ReadonlySet<string>
  /** The steps that were asked for, in their order. */
  readonly asked: BatchStep[]
  readonly faults: BatchFault[]
  /** While it is true batches do not end. */
  held: boolean
  ending: BatchEnding
  /** What becomes of the lines of results before they are sent. */
  disturb: (lines: readonly string[]) => readonly string[]
  /** Waits before each step's answer. */
  onStep: (step: BatchStep) => unknown
  stop(): Promise<void>
}

export async function startMockBatches(
  name: BatchDialectName,
  {
    script,
    usage,
    latencyMs = 100,
    onRequest,
  }: {
    script?: Script
    usage?: MockUsage | ((user: string) => MockUsage)
    latencyMs?: number
    onRequest?: (request: IncomingMessage, response: ServerResponse) => unknown
  } = {},
): Promise<MockBatches> {
  const dialect = BATCH_DIALECTS[name]
  const files = new Map<string, string>()
  const kept = new Set<string>()
  let isOver = false

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { pathname, searchParams } = new URL(request.url!, 'http://mock')
    const asked = dialect.route(request.method!, pathname)
    if (!asked) return request.headers['x-mock-batch'] ? false : (await onRequest?.(request, response)) === true
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk as Uint8Array)
    const text = Buffer.concat(chunks).toString('utf8')
    mock.asked.push(asked.step)
    await mock.onStep(asked.step)
    const fault = mock.faults.find(({ step, times }) => step === asked.step && times > 0)
    if (fault) fault.times -= 1
    if (fault?.with === 'cut') return request.socket.destroy() !== undefined
    if (typeof fault?.with === 'object') {
      const { status, retryAfterSeconds } = fault.with
      answer(response, { error: { message: 'at fault', type: 'error' } }, status, retryAfterSeconds)
      return true
    }
    const given = perform(asked, { text, after: searchParams.get('after') ?? searchParams.get('after_id') ?? undefined })
    if (fault?.with === 'lost') return request.socket.destroy() !== undefined
    if (given === undefined) answer(response, { error: { message: 'not found', type: 'not_found_error' } }, 404)
    else if ('lines' in given) await stream(response, given.lines, fault?.with === 'half')
    else answer(response, given.json)
    return true
  }

  const perform = (
    { step, id }: { step: BatchStep; id?: string },
    { text, after }: { text: string; after: string | undefined },
  ): { json: unknown } | { lines: readonly string[] } | undefined => {
    const found = mock.batches.find((batch) => batch.id === id)
    switch (step) {
      case 'upload': {
        const fileId = `file-${randomUUID()}`
        kept.add(fileId)
        files.set(fileId, text.slice(text.indexOf('\r\n\r\n', text.indexOf('filename=')) + 4, text.lastIndexOf('\r\n--')))
        return { json: { id: fileId, object: 'file', purpose: 'batch' } }
      }
      case 'create': {
        const batch: MockBatch = {
          ...dialect.read(text, files),
          id: `batch_${randomUUID().replaceAll('-', '')}`,
          state: 'working',
          results: [],
          createdAt: new Date(),
        }
        mock.batches.unshift(batch)
        void work(batch)
        return { json: dialect.word(batch) }
      }
      case 'look':
        return found && { json: dialect.word(found, mock.disturb) }
      case 'cancel':
        if (!found) return undefined
        if (found.state === 'working') found.state = 'cancelling'
        return { json: dialect.word(found) }
      case 'list': {
        const from = after === undefined ? 0 : mock.batches.findIndex((batch) => batch.id === after) + 1
        return { json: dialect.list(mock.batches.slice(from, from + 2), from + 2 < mock.batches.length) }
      }
      case 'discard':
        return kept.delete(id!) ? { json: { id, object: 'file', deleted: true } } : undefined
      case 'results': {
        const [batchId, part] = id!.split('.')
        if (part !== undefined && !kept.has(id!)) return undefined
        const batch = mock.batches.find((other) => other.id === batchId)
        return batch && { lines: mock.disturb(dialect.lines(batch, part ?? '')) }
      }
    }
  }

  /** Works through a batch's requests one after another, as a usual call of each. */
  const work = async (batch: MockBatch): Promise<void> => {
    await sleep(latencyMs)
    const { end, done = batch.requests.length } = mock.ending
    if (end === 'refused') {
      batch.state = 'refused'
      return
    }
    const isStopped = (): boolean => batch.state === 'cancelling' || isOver
    for (const [index, { customId, path, body }] of batch.requests.entries()) {
      if (isStopped() || index >= done) break
      const told = await fetch(`${mock.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-mock-batch': '1',
          authorization: 'Bearer mock',
          'x-api-key': 'mock',
          'x-goog-api-key': 'mock',
        },
        body: JSON.stringify(body),
      }).then(
        async (response) => ({ status: response.status, body: await response.json().catch(() => ({})) }),
        () => ({ status: 500, body: { error: { message: 'the server had an error', type: 'server_error' } } }),
      )
      const times = (mock.billed.get(customId)?.times ?? 0) + 1
      if (told.status === 200) mock.billed.set(customId, { times, ...told })
      batch.results.push({ customId, kind: 'answered', ...told })
    }
    while (mock.held && !isStopped()) await sleep(10)
    const rest: MockResult['kind'] = batch.state === 'cancelling' ? 'cancelled' : 'expired'
    const left = batch.requests.slice(batch.results.length)
    batch.results.push(...left.map(({ customId }): MockResult => ({ customId, kind: rest })))
    batch.state = batch.state === 'cancelling' ? 'cancelled' : end
    for (const file of dialect.files?.(batch) ?? []) kept.add(file)
  }

  const provider = await startMockProvider({ ...(script ? { script } : {}), ...(usage ? { usage } : {}), onRequest: handle })
  const mock: MockBatches = {
    url: provider.url,
    provider,
    batches: [],
    files: kept,
    billed: new Map(),
    asked: [],
    faults: [],
    held: false,
    ending: { end: 'completed' },
    disturb: (lines) => lines,
    onStep: () => undefined,
    async stop() {
      isOver = true
      await provider.stop()
    },
  }
  return mock
}

function answer(response: ServerResponse, body: unknown, status = 200, retryAfterSeconds?: number): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  }
  response.writeHead(status, headers).end(JSON.stringify(body))
}

/** In pieces that heed neither lines nor characters. */
async function stream(response: ServerResponse, lines: readonly string[], isCut: boolean): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-jsonl' })
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const end = isCut ? Math.floor(bytes.length / 2) : bytes.length
  for (let from = 0; from < end; from += 1_357) {
    response.write(bytes.subarray(from, Math.min(end, from + 1_357)))
    await new Promise(setImmediate)
  }
  if (isCut) response.destroy()
  else response.end()
}
