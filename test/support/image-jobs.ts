import { afterAll, expect } from 'vitest'
import { checkKey } from '../../src/apps/connection-checks/check.ts'
import { type ImageOutcome, makeImages, type ImageRequest } from '../../src/calls/image.ts'
import type { RequestEnd } from '../../src/calls/request.ts'
import type { Sender } from '../../src/providers/send.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { type CallBench, startCallBench } from './call-bench.ts'
import type { TestDatabase } from './databases.ts'
import { type JobMock, pngOf, startBflMock, startFalMock } from './mock-image-jobs.ts'
import { type RawServer, startRawServer } from './raw-server.ts'
import { newSecret } from './sweep.ts'

/** A hundred times as fast: what is waited for between two questions is seconds. */
const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal) }

type Change = Omit<Partial<ImageRequest<ImageOutcome>>, 'wish'> & {
  readonly wish?: Partial<ImageRequest<ImageOutcome>['wish']>
  readonly sender?: Sender
}

/** Images asked for along the path of a call, of stand-ins of fal.ai and Black Forest Labs. */
export interface ImageJobs {
  readonly bench: CallBench
  readonly fal: JobMock
  readonly bfl: JobMock
  /** A server that no provider declares and that gives an image of 64 x 64 to whoever asks. */
  readonly stranger: RawServer
  make(provider: 'fal' | 'bfl', change?: Change): Promise<RequestEnd<ImageOutcome>>
  /** What a test of a key that begins so says of it. */
  check(provider: 'fal' | 'bfl', prefix: string): Promise<string>
}

export async function startImageJobs(database: TestDatabase): Promise<ImageJobs> {
  const [fal, bfl] = await Promise.all([startFalMock(), startBflMock()])
  const stranger = await startRawServer((_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(pngOf(64, 64)))
  const servers = [fal, bfl, stranger]
  afterAll(() => Promise.all(servers.map((server) => server.stop())))
  const bench = await startCallBench(
    database,
    servers.map(({ url }) => url),
  )
  const placeOf = (provider: 'fal' | 'bfl'): { baseUrl: string; model: string } =>
    provider === 'fal' ? { baseUrl: fal.url, model: 'fal-ai/flux-2-max' } : { baseUrl: `${bfl.url}/v1`, model: 'flux-2-max' }
  return {
    bench,
    fal,
    bfl,
    stranger,
    async check(provider, prefix) {
      const { services, workspaceId } = bench
      const { connectionId } = await bench.candidate({ ...placeOf(provider), provider, key: newSecret({ prefix }) })
      const connection = { id: connectionId, provider, keyVersion: 1 }
      return (await checkKey(services, { workspaceId, actor: 'test', connection, signal: new AbortController().signal })).result
    },
    async make(provider, { wish, sender = bench.services.sender, ...change } = {}) {
      const candidate = await bench.candidate({ ...placeOf(provider), provider, key: newSecret({ prefix: 'good-' }) })
      return makeImages<ImageOutcome>(
        { ...bench.services, clock, sender },
        {
          workspaceId: bench.workspaceId,
          actor: 'test',
          origin: 'test',
          context: 'images',
          candidate,
          budgetIds: [],
          currency: 'USD',
          signal: new AbortController().signal,
          wish: { prompt: 'a cat', count: 1, ...wish },
          settleWith: (outcome) => ({ value: outcome, writes: [] }),
          ...change,
        },
      )
    },
  }
}

export function outcomeOf(end: RequestEnd<ImageOutcome>): ImageOutcome {
  if (end.kind !== 'settled') expect.fail(`it ended as ${end.kind}`)
  return end.value
}

/** A sender that finds these hosts at the test's servers. */
export function renaming(sender: Sender, hosts: Readonly<Record<string, string>>): Sender {
  return {
    ...sender,
    send: (request) => {
      const { baseUrl } = request.destination
      return sender.send({ ...request, destination: { ...request.destination, baseUrl: hosts[baseUrl] ?? baseUrl } })
    },
  }
}
