import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ImageOutcome, makeImages, type ImageRequest } from '../src/calls/image.ts'
import type { RequestEnd } from '../src/calls/request.ts'
import { readImage } from '../src/providers/image-file.ts'
import type { Sender } from '../src/providers/send.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { type CallBench, startCallBench } from './support/call-bench.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { type JobMock, pngOf, startBflMock, startFalMock } from './support/mock-image-jobs.ts'
import { type RawServer, startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'
import { until } from './support/until.ts'

/** A hundred times as fast: what is waited for between two questions is seconds. */
const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal) }

describeOnEachDatabase('images that are made by jobs', (open) => {
  let bench: CallBench
  let fal: JobMock
  let bfl: JobMock
  let stranger: RawServer
  beforeAll(async () => {
    ;[fal, bfl] = await Promise.all([startFalMock(), startBflMock()])
    stranger = await startRawServer((_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(pngOf(64, 64)))
    bench = await startCallBench(await open(), [fal.url, bfl.url, stranger.url])
  })
  afterAll(() => Promise.all([fal, bfl, stranger].map((server) => server?.stop())))

  type Change = Omit<Partial<ImageRequest<ImageOutcome>>, 'wish'> & {
    wish?: Partial<ImageRequest<ImageOutcome>['wish']>
    model?: string
    sender?: Sender
  }
  const make = async (provider: 'fal' | 'bfl', { wish, model, sender, ...change }: Change = {}): Promise<RequestEnd<ImageOutcome>> => {
    const baseUrl = provider === 'fal' ? fal.url : `${bfl.url}/v1`
    const key = newSecret({ prefix: 'good-' })
    const candidate = await bench.candidate({
      provider,
      baseUrl,
      model: model ?? (provider === 'fal' ? 'fal-ai/flux-2-max' : 'flux-2-max'),
      key,
    })
    return makeImages<ImageOutcome>(
      { ...bench.services, clock, ...(sender ? { sender } : {}) },
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
  }
  const outcomeOf = (end: RequestEnd<ImageOutcome>): ImageOutcome => {
    if (end.kind !== 'settled') expect.fail(`it ended as ${end.kind}`)
    return end.value
  }
  const picture = readImage(pngOf(1024, 1024))!

  describe('fal', () => {
    it('one call, however often its state is asked for: image, seed, usage counted in megapixels, price of the book', async () => {
      fal.plays({ polls: 3, size: [2048, 1024] })
      const outcome = outcomeOf(await make('fal', { wish: { size: { width: 2048, height: 1024 }, format: 'png', seed: 7 } }))
      expect(outcome).toMatchObject({ kind: 'answered', seed: 7, images: [{ mediaType: 'image/png', width: 2048, height: 1024 }] })
      const [submitted, ...after] = fal.asked()
      expect(submitted).toMatchObject({ method: 'POST', path: '/fal-ai/flux-2-max' })
      expect(JSON.parse(submitted!.body)).toEqual({
        prompt: 'a cat',
        image_size: { width: 2048, height: 1024 },
        output_format: 'png',
        seed: 7,
      })
      expect(after.filter(({ path }) => path.endsWith('/status')).length).toBe(4)
      const entries = await bench.entries()
      expect(entries).toMatchObject([
        {
          outcome: 'succeeded',
          context: 'images',
          usage: { images: 1, megapixels: 2 },
          usageSource: 'counted',
          rawUsage: { 'x-fal-billable-units': '1' },
          costNano: 100_000_000n, // the first megapixel 0.07, the second 0.03
          providerRequestId: 'job-1',
        },
      ])
      for (const { headers } of fal.asked()) expect(headers['x-client-request-id']).toBe(entries[0]!.id)
    })

    it('the key goes to the destination’s own host, and not with the download of a file', async () => {
      fal.plays({})
      await make('fal')
      const keyed = fal
        .asked()
        .map(({ path, headers }) => [path.replace(/^.*(job-1|files|flux-2-max)/, '$1'), headers.authorization !== undefined])
      expect(keyed).toEqual([
        ['flux-2-max', true],
        ['job-1/status', true],
        ['job-1/status', true],
        ['job-1', true],
        ['files/a.png?sig=1', false],
      ])
      await bench.entries()
    })

    it('an edit is posted to /edit and asked for where its ticket says; the images that go in count', async () => {
      fal.plays({})
      const outcome = outcomeOf(await make('fal', { wish: { references: [picture, picture] } }))
      expect(outcome.kind).toBe('answered')
      const [submitted, state] = fal.asked()
      expect(submitted!.path).toBe('/fal-ai/flux-2-max/edit')
      expect((JSON.parse(submitted!.body) as { image_urls: string[] }).image_urls).toEqual(
        Array(2).fill(expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo/)),
      )
      expect(state!.path).toBe('/fal-ai/flux-2-max/requests/job-1/status')
      // 0.07 for the first of three megapixels, 0.03 for the others
      expect(await bench.entries()).toMatchObject([{ usage: { images: 1, megapixels: 3 }, costNano: 130_000_000n }])
    })

    it('a caller that leaves cancels the job there; what it cost is unknown', async () => {
      fal.plays({ polls: Infinity })
      const leaving = new AbortController()
      const end = make('fal', { signal: leaving.signal })
      await until(() => fal.asked().some(({ path }) => path.endsWith('/status')))
      leaving.abort(new Error('nobody waits'))
      expect(await end).toEqual({ kind: 'cancelled' })
      const cancelled = fal.asked().filter(({ method }) => method === 'PUT')
      expect(cancelled).toMatchObject([
        { path: '/fal-ai/flux-2-max/requests/job-1/cancel', headers: { authorization: expect.stringMatching(/^Key /) } },
      ])
      expect(await bench.entries()).toMatchObject([{ outcome: 'cancelled', costNano: null, usage: null }])
    })

    it('content that is refused after the work is not asked for again, and its cost is unknown', async () => {
      const detail = [{ loc: ['body', 'prompt'], msg: 'The content could not be processed', type: 'content_policy_violation' }]
      fal.plays({ end: { status: 422, body: { detail } } })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.content_refused' } })
      expect(fal.asked().filter(({ method }) => method === 'POST').length).toBe(1)
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', errorCode: 'provider.content_refused', costNano: null }])
    })

    it('a job that fails at the provider is not begun a second time', async () => {
      fal.plays({ end: { status: 503, body: { detail: 'runner is gone' } } })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.overloaded', retryable: false } })
      expect(fal.asked().filter(({ method }) => method === 'POST').length).toBe(1)
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null }])
    })

    it('a request that is wrong, and one too many, cost nothing; the second is tried again', async () => {
      fal.plays({ refusals: [{ status: 422, body: { detail: [{ loc: ['body', 'image_size'], msg: 'not valid', type: 'value_error' }] } }] })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.request_refused' } })
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', costNano: 0n, costSource: 'not_billed' }])
      fal.plays({ refusals: [{ status: 429, body: { detail: 'Too many requests' } }] })
      expect(outcomeOf(await make('fal')).kind).toBe('answered')
      expect(await bench.entries()).toMatchObject([
        { outcome: 'failed', attempt: 1, costNano: 0n },
        { outcome: 'succeeded', attempt: 2, costNano: 70_000_000n },
      ])
    })

    it('a provider that stumbles while it is asked loses no image', async () => {
      fal.plays({ stumbles: [500, 502, 429] })
      expect(outcomeOf(await make('fal')).kind).toBe('answered')
      expect(await bench.entries()).toMatchObject([{ outcome: 'succeeded', costNano: 70_000_000n }])
    })

    it.each([500, 200])('a provider that answers every question with %d and no state is given up, not asked for ever', async (status) => {
      fal.plays({ stumbles: Array<number>(100).fill(status) })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { retryable: false } })
      expect(fal.asked().filter(({ path }) => path.endsWith('/status')).length).toBe(30)
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null }])
    })

    it.each(['status_url', 'response_url', 'cancel_url'])(
      'a ticket whose %s leads to another host: nothing is sent there, least of all the key',
      async (field) => {
        const before = stranger.requests.length
        const leaving = new AbortController()
        fal.plays({ polls: field === 'cancel_url' ? Infinity : 1, ticket: { [field]: `${stranger.url}/fal-ai/flux-2-max/requests/job-1` } })
        const making = make('fal', { signal: leaving.signal })
        if (field === 'cancel_url') {
          await until(() => fal.asked().some(({ path }) => path.endsWith('/status')))
          leaving.abort(new Error('nobody waits'))
          expect(await making).toEqual({ kind: 'cancelled' })
        } else {
          expect(outcomeOf(await making)).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address', retryable: false } })
        }
        expect(stranger.requests.slice(before)).toEqual([])
        expect(await bench.entries()).toMatchObject([{ costNano: null }])
      },
    )
  })

  describe('an image’s file', () => {
    const PAID = { outcome: 'failed', usage: { images: 1, megapixels: 1 }, costNano: 70_000_000n } // the image was made

    it('at a host that is not the provider’s is not fetched', async () => {
      const before = stranger.requests.length
      fal.plays({ fileUrl: `${stranger.url}/a.png` })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address' } })
      expect(stranger.requests.slice(before)).toEqual([])
      expect(await bench.entries()).toMatchObject([PAID])
    })

    it('is fetched at a host that the provider declares', async () => {
      fal.plays({ fileUrl: 'https://v3b.fal.media/files/b/a.png?sig=1' })
      const sender = renaming(bench.services.sender, { 'https://v3b.fal.media': stranger.url })
      expect(outcomeOf(await make('fal', { sender }))).toMatchObject({ kind: 'answered', images: [{ width: 64, height: 64 }] })
      expect(stranger.requests.at(-1)).toMatchObject({ path: '/files/b/a.png?sig=1' })
      expect(stranger.requests.at(-1)!.headers).not.toHaveProperty('authorization')
      await bench.entries()
    })

    it('is not fetched along a redirect', async () => {
      const before = stranger.requests.length
      fal.plays({ file: (response) => void response.writeHead(302, { location: `${stranger.url}/a.png` }).end() })
      expect(outcomeOf(await make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address' } })
      expect(stranger.requests.slice(before)).toEqual([])
      expect(await bench.entries()).toMatchObject([PAID])
    })

    it.each([
      ['a page', 'text/html', Buffer.from('<html></html>')],
      ['a page that says it is an image', 'image/png', Buffer.from('<html></html>')],
      ['an image that says it is a page', 'text/html', pngOf(64, 64)],
      ['a drawing that may hold programs', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ])('is refused where it is %s', async (_, type, bytes) => {
      fal.plays({ file: (response) => void response.writeHead(200, { 'content-type': type }).end(bytes) })
      expect(outcomeOf(await make('fal'))).toMatchObject({
        kind: 'failed',
        failure: { code: 'provider.answer_malformed', retryable: false },
      })
      expect(await bench.entries()).toMatchObject([PAID])
    })

    it('that has expired is lost, and paid for', async () => {
      bfl.plays({ file: (response) => void response.writeHead(403).end('expired') })
      expect(outcomeOf(await make('bfl'))).toMatchObject({
        kind: 'failed',
        failure: { code: 'provider.failed', detail: expect.stringContaining('expired') },
      })
      expect(await bench.entries()).toMatchObject([PAID])
    })
  })

  describe('Black Forest Labs', () => {
    it('what the ticket says counts as the cost, beside the price of the book', async () => {
      bfl.plays({ ticket: { cost: 6.5, output_mp: 1 } })
      const wish = { size: { width: 1024, height: 1024 }, seed: 42, references: [picture, picture] }
      expect(outcomeOf(await make('bfl', { wish }))).toMatchObject({
        kind: 'answered',
        seed: 42,
        cost: { nano: 65_000_000n, currency: 'USD' },
      })
      const [submitted] = bfl.asked()
      expect(submitted!.path).toBe('/v1/flux-2-max')
      expect(JSON.parse(submitted!.body)).toEqual({
        prompt: 'a cat',
        width: 1024,
        height: 1024,
        seed: 42,
        input_image: expect.stringMatching(/^iVBORw0KGgo/),
        input_image_2: expect.stringMatching(/^iVBORw0KGgo/),
      })
      expect(await bench.entries()).toMatchObject([
        { outcome: 'succeeded', costNano: 65_000_000n, costSource: 'declared', listCostNano: 70_000_000n, providerRequestId: 'job-1' },
      ])
    })

    it('a state at another of their hosts is asked for without the key', async () => {
      bfl.plays({
        ticket: { polling_url: 'https://api.eu2.bfl.ai/v1/get_result?id=job-1' },
        fileUrl: 'https://delivery-eu2.bfl.ai/files/sample.png',
      })
      const sender = renaming(bench.services.sender, { 'https://api.eu2.bfl.ai': bfl.url, 'https://delivery-eu2.bfl.ai': bfl.url })
      expect(outcomeOf(await make('bfl', { sender })).kind).toBe('answered')
      expect(bfl.asked().map(({ path, headers }) => [path.slice(0, 10), headers['x-key'] !== undefined])).toEqual([
        ['/v1/flux-2', true],
        ['/v1/get_re', false],
        ['/v1/get_re', false],
        ['/files/sam', false],
      ])
      await bench.entries()
    })

    it.each([
      'https://api.bfl.ai.attacker.example/v1/get_result',
      'https://bfl.ai.example/',
      'http://api.eu2.bfl.ai/v1/get_result',
      'https://api.eu2.bfl.ai:8443/x',
    ])('a state at %s is not asked for', async (polling_url) => {
      const sent: string[] = []
      const { sender } = bench.services
      bfl.plays({ ticket: { polling_url } })
      const end = await make('bfl', {
        sender: { ...sender, send: (request) => (sent.push(request.destination.baseUrl), sender.send(request)) },
      })
      expect(outcomeOf(end)).toMatchObject({
        kind: 'failed',
        failure: { retryable: false, code: 'provider.foreign_address' },
      })
      expect(bfl.asked().length).toBe(1)
      expect(sent.length).toBe(1)
      await bench.entries()
    })

    it.each(['Request Moderated', 'Content Moderated'])('%s: refused, and not said whether it is charged', async (status) => {
      bfl.plays({ end: { status: 200, body: { id: 'job-1', status, result: null } } })
      expect(outcomeOf(await make('bfl'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.content_refused' } })
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null, usage: null, providerRequestId: 'job-1' }])
    })

    it('without credit everything stops', async () => {
      bfl.plays({ refusals: [{ status: 402, body: { detail: 'Insufficient credits' } }] })
      expect(await make('bfl')).toMatchObject({ kind: 'refused', failure: { code: 'provider.no_credit' } })
      expect(await bench.entries()).toMatchObject([{ outcome: 'failed', costNano: 0n, costSource: 'not_billed' }])
    })

    it('24 jobs at once are enough: a 25th is tried again', async () => {
      bfl.plays({ refusals: [{ status: 429, body: { detail: 'Too many active tasks' } }] })
      expect(outcomeOf(await make('bfl')).kind).toBe('answered')
      expect((await bench.entries()).map(({ costNano }) => costNano)).toEqual([0n, 70_000_000n])
    })

    it('a caller that leaves is charged what the ticket said: it cannot be cancelled', async () => {
      bfl.plays({ polls: Infinity })
      const leaving = new AbortController()
      const end = make('bfl', { signal: leaving.signal })
      await until(() => bfl.asked().some(({ path }) => path.includes('get_result')))
      leaving.abort(new Error('nobody waits'))
      expect(await end).toEqual({ kind: 'cancelled' })
      expect(await bench.entries()).toMatchObject([{ outcome: 'cancelled', costNano: 70_000_000n, costSource: 'declared' }])
    })
  })
})

/** A sender that finds these hosts at the test's servers. */
function renaming(sender: Sender, hosts: Readonly<Record<string, string>>): Sender {
  return {
    ...sender,
    send: (request) => {
      const { baseUrl } = request.destination
      return sender.send({ ...request, destination: { ...request.destination, baseUrl: hosts[baseUrl] ?? baseUrl } })
    },
  }
}
