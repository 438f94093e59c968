import { beforeAll, describe, expect, it } from 'vitest'
import { readImage } from '../src/providers/image-file.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { type ImageJobs, outcomeOf, renaming, startImageJobs } from './support/image-jobs.ts'
import { pngOf } from './support/mock-image-jobs.ts'
import { until } from './support/until.ts'

const picture = readImage(pngOf(1024, 1024))!

describeOnEachDatabase('images of Black Forest Labs, and the files of any', (open) => {
  let jobs: ImageJobs
  beforeAll(async () => {
    jobs = await startImageJobs(await open())
  })

  it.each([
    ['bad-', 'bad_key'],
    ['good-', 'ok'],
    ['good-empty-', 'no_credit'],
  ])('the test of a key %s... says %s', async (prefix, result) => {
    expect(await jobs.check('bfl', prefix)).toBe(result)
    expect(await jobs.bench.entries()).toMatchObject([{ context: 'connection-check', costNano: 0n }])
  })

  it('what the ticket says counts as the cost, beside the price of the book', async () => {
    jobs.bfl.plays({ ticket: { cost: 6.5, output_mp: 1 } })
    const wish = { size: { width: 1024, height: 1024 }, seed: 42, references: [picture, picture] }
    expect(outcomeOf(await jobs.make('bfl', { wish }))).toMatchObject({
      kind: 'answered',
      seed: 42,
      cost: { nano: 65_000_000n, currency: 'USD' },
    })
    const [submitted] = jobs.bfl.asked()
    expect(submitted!.path).toBe('/v1/flux-2-max')
    expect(JSON.parse(submitted!.body)).toEqual({
      prompt: 'a cat',
      width: 1024,
      height: 1024,
      seed: 42,
      input_image: expect.stringMatching(/^iVBORw0KGgo/),
      input_image_2: expect.stringMatching(/^iVBORw0KGgo/),
    })
    expect(await jobs.bench.entries()).toMatchObject([
      { outcome: 'succeeded', costNano: 65_000_000n, costSource: 'declared', listCostNano: 70_000_000n, providerRequestId: 'job-1' },
    ])
  })

  it('a state at another of their hosts is asked for without the key', async () => {
    jobs.bfl.plays({
      ticket: { polling_url: 'https://api.eu2.bfl.ai/v1/get_result?id=job-1' },
      fileUrl: 'https://delivery-eu2.bfl.ai/files/sample.png',
    })
    const sender = renaming(jobs.bench.services.sender, {
      'https://api.eu2.bfl.ai': jobs.bfl.url,
      'https://delivery-eu2.bfl.ai': jobs.bfl.url,
    })
    expect(outcomeOf(await jobs.make('bfl', { sender })).kind).toBe('answered')
    expect(jobs.bfl.asked().map(({ path, headers }) => [path.slice(0, 10), headers['x-key'] !== undefined])).toEqual([
      ['/v1/flux-2', true],
      ['/v1/get_re', false],
      ['/v1/get_re', false],
      ['/files/sam', false],
    ])
    await jobs.bench.entries()
  })

  it.each([
    'https://api.bfl.ai.attacker.example/v1/get_result',
    'https://bfl.ai.example/',
    'http://api.eu2.bfl.ai/v1/get_result',
    'https://api.eu2.bfl.ai:8443/x',
  ])('a state at %s is not asked for', async (polling_url) => {
    const sent: string[] = []
    const { sender } = jobs.bench.services
    jobs.bfl.plays({ ticket: { polling_url } })
    const end = await jobs.make('bfl', {
      sender: { ...sender, send: (request) => (sent.push(request.destination.baseUrl), sender.send(request)) },
    })
    expect(outcomeOf(end)).toMatchObject({
      kind: 'failed',
      failure: { retryable: false, code: 'provider.foreign_address' },
    })
    expect(jobs.bfl.asked().length).toBe(1)
    expect(sent.length).toBe(1)
    await jobs.bench.entries()
  })

  it.each(['Request Moderated', 'Content Moderated'])('%s: refused, and not said whether it is charged', async (status) => {
    jobs.bfl.plays({ end: { status: 200, body: { id: 'job-1', status, result: null } } })
    expect(outcomeOf(await jobs.make('bfl'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.content_refused' } })
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null, usage: null, providerRequestId: 'job-1' }])
  })

  it('without credit everything stops', async () => {
    jobs.bfl.plays({ refusals: [{ status: 402, body: { detail: 'Insufficient credits' } }] })
    expect(await jobs.make('bfl')).toMatchObject({ kind: 'refused', failure: { code: 'provider.no_credit' } })
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', costNano: 0n, costSource: 'not_billed' }])
  })

  it('24 jobs at once are enough: a 25th is tried again', async () => {
    jobs.bfl.plays({ refusals: [{ status: 429, body: { detail: 'Too many active tasks' } }] })
    expect(outcomeOf(await jobs.make('bfl')).kind).toBe('answered')
    expect((await jobs.bench.entries()).map(({ costNano }) => costNano)).toEqual([0n, 70_000_000n])
  })

  it('a caller that leaves is charged what the ticket said: it cannot be cancelled', async () => {
    jobs.bfl.plays({ polls: Infinity })
    const leaving = new AbortController()
    const end = jobs.make('bfl', { signal: leaving.signal })
    await until(() => jobs.bfl.asked().some(({ path }) => path.includes('get_result')))
    leaving.abort(new Error('nobody waits'))
    expect(await end).toEqual({ kind: 'cancelled' })
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'cancelled', costNano: 70_000_000n, costSource: 'declared' }])
  })

  describe('an image’s file', () => {
    const PAID = { outcome: 'failed', usage: { images: 1, megapixels: 1 }, costNano: 70_000_000n } // the image was made

    it('at a host that is not the provider’s is not fetched', async () => {
      const before = jobs.stranger.requests.length
      jobs.fal.plays({ fileUrl: `${jobs.stranger.url}/a.png` })
      expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address' } })
      expect(jobs.stranger.requests.slice(before)).toEqual([])
      expect(await jobs.bench.entries()).toMatchObject([PAID])
    })

    it('is fetched at a host that the provider declares', async () => {
      jobs.fal.plays({ fileUrl: 'https://v3b.fal.media/files/b/a.png?sig=1' })
      const sender = renaming(jobs.bench.services.sender, { 'https://v3b.fal.media': jobs.stranger.url })
      expect(outcomeOf(await jobs.make('fal', { sender }))).toMatchObject({ kind: 'answered', images: [{ width: 64, height: 64 }] })
      expect(jobs.stranger.requests.at(-1)).toMatchObject({ path: '/files/b/a.png?sig=1' })
      expect(jobs.stranger.requests.at(-1)!.headers).not.toHaveProperty('authorization')
      await jobs.bench.entries()
    })

    it('is not fetched along a redirect', async () => {
      const before = jobs.stranger.requests.length
      jobs.fal.plays({ file: (response) => void response.writeHead(302, { location: `${jobs.stranger.url}/a.png` }).end() })
      expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address' } })
      expect(jobs.stranger.requests.slice(before)).toEqual([])
      expect(await jobs.bench.entries()).toMatchObject([PAID])
    })

    it.each([
      ['a page', 'text/html', Buffer.from('<html></html>')],
      ['a page that says it is an image', 'image/png', Buffer.from('<html></html>')],
      ['an image that says it is a page', 'text/html', pngOf(64, 64)],
      ['a drawing that may hold programs', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ])('is refused where it is %s', async (_, type, bytes) => {
      jobs.fal.plays({ file: (response) => void response.writeHead(200, { 'content-type': type }).end(bytes) })
      expect(outcomeOf(await jobs.make('fal'))).toMatchObject({
        kind: 'failed',
        failure: { code: 'provider.answer_malformed', retryable: false },
      })
      expect(await jobs.bench.entries()).toMatchObject([PAID])
    })

    it('that has expired is lost, and paid for', async () => {
      jobs.bfl.plays({ file: (response) => void response.writeHead(403).end('expired') })
      expect(outcomeOf(await jobs.make('bfl'))).toMatchObject({
        kind: 'failed',
        failure: { code: 'provider.failed', detail: expect.stringContaining('expired') },
      })
      expect(await jobs.bench.entries()).toMatchObject([PAID])
    })
  })
})
