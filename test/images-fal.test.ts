import { beforeAll, expect, it } from 'vitest'
import { readImage } from '../src/providers/image-file.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { type ImageJobs, outcomeOf, startImageJobs } from './support/image-jobs.ts'
import { pngOf } from './support/mock-image-jobs.ts'
import { until } from './support/until.ts'

const picture = readImage(pngOf(1024, 1024))!

describeOnEachDatabase('images of fal.ai', (open) => {
  let jobs: ImageJobs
  beforeAll(async () => {
    jobs = await startImageJobs(await open())
  })

  it.each([
    ['bad-', 'bad_key'],
    ['good-', 'unproven'], // fal's own test of keys is at another host
  ])('the test of a key %s... says %s', async (prefix, result) => {
    jobs.fal.plays({})
    expect(await jobs.check('fal', prefix)).toBe(result)
    expect(jobs.fal.asked()).toMatchObject([{ method: 'GET', path: '/fal-ai/flux-2-max/requests/00000000-0000-4000-8000-000000000000' }])
    expect(await jobs.bench.entries()).toMatchObject([{ context: 'connection-check', costNano: 0n }])
  })

  it('one call, however often its state is asked for: image, seed, usage counted in megapixels, price of the book', async () => {
    jobs.fal.plays({ polls: 3, size: [2048, 1024] })
    const outcome = outcomeOf(await jobs.make('fal', { wish: { size: { width: 2048, height: 1024 }, format: 'png', seed: 7 } }))
    expect(outcome).toMatchObject({ kind: 'answered', seed: 7, images: [{ mediaType: 'image/png', width: 2048, height: 1024 }] })
    const [submitted, ...after] = jobs.fal.asked()
    expect(submitted).toMatchObject({ method: 'POST', path: '/fal-ai/flux-2-max' })
    expect(JSON.parse(submitted!.body)).toEqual({
      prompt: 'a cat',
      image_size: { width: 2048, height: 1024 },
      output_format: 'png',
      seed: 7,
    })
    expect(after.filter(({ path }) => path.endsWith('/status')).length).toBe(4)
    const entries = await jobs.bench.entries()
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
    for (const { headers } of jobs.fal.asked()) expect(headers['x-client-request-id']).toBe(entries[0]!.id)
  })

  it('the key goes to the destination’s own host, and not with the download of a file', async () => {
    jobs.fal.plays({})
    await jobs.make('fal')
    const keyed = jobs.fal
      .asked()
      .map(({ path, headers }) => [path.replace(/^.*(job-1|files|flux-2-max)/, '$1'), headers.authorization !== undefined])
    expect(keyed).toEqual([
      ['flux-2-max', true],
      ['job-1/status', true],
      ['job-1/status', true],
      ['job-1', true],
      ['files/a.png?sig=1', false],
    ])
    await jobs.bench.entries()
  })

  it('an edit is posted to /edit and asked for where its ticket says; the images that go in count', async () => {
    jobs.fal.plays({})
    const outcome = outcomeOf(await jobs.make('fal', { wish: { references: [picture, picture] } }))
    expect(outcome.kind).toBe('answered')
    const [submitted, state] = jobs.fal.asked()
    expect(submitted!.path).toBe('/fal-ai/flux-2-max/edit')
    expect((JSON.parse(submitted!.body) as { image_urls: string[] }).image_urls).toEqual(
      Array(2).fill(expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo/)),
    )
    expect(state!.path).toBe('/fal-ai/flux-2-max/requests/job-1/status')
    // 0.07 for the first of three megapixels, 0.03 for the others
    expect(await jobs.bench.entries()).toMatchObject([{ usage: { images: 1, megapixels: 3 }, costNano: 130_000_000n }])
  })

  it('a caller that leaves cancels the job there; what it cost is unknown', async () => {
    jobs.fal.plays({ polls: Infinity })
    const leaving = new AbortController()
    const end = jobs.make('fal', { signal: leaving.signal })
    await until(() => jobs.fal.asked().some(({ path }) => path.endsWith('/status')))
    leaving.abort(new Error('nobody waits'))
    expect(await end).toEqual({ kind: 'cancelled' })
    const cancelled = jobs.fal.asked().filter(({ method }) => method === 'PUT')
    expect(cancelled).toMatchObject([
      { path: '/fal-ai/flux-2-max/requests/job-1/cancel', headers: { authorization: expect.stringMatching(/^Key /) } },
    ])
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'cancelled', costNano: null, usage: null }])
  })

  it('content that is refused after the work is not asked for again, and its cost is unknown', async () => {
    const detail = [{ loc: ['body', 'prompt'], msg: 'The content could not be processed', type: 'content_policy_violation' }]
    jobs.fal.plays({ end: { status: 422, body: { detail } } })
    expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.content_refused' } })
    expect(jobs.fal.asked().filter(({ method }) => method === 'POST').length).toBe(1)
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', errorCode: 'provider.content_refused', costNano: null }])
  })

  it('a job that fails at the provider is not begun a second time', async () => {
    jobs.fal.plays({ end: { status: 503, body: { detail: 'runner is gone' } } })
    expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.overloaded', retryable: false } })
    expect(jobs.fal.asked().filter(({ method }) => method === 'POST').length).toBe(1)
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null }])
  })

  it('a request that is wrong, and one too many, cost nothing; the second is tried again', async () => {
    jobs.fal.plays({
      refusals: [{ status: 422, body: { detail: [{ loc: ['body', 'image_size'], msg: 'not valid', type: 'value_error' }] } }],
    })
    expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { code: 'provider.request_refused' } })
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', costNano: 0n, costSource: 'not_billed' }])
    jobs.fal.plays({ refusals: [{ status: 429, body: { detail: 'Too many requests' } }] })
    expect(outcomeOf(await jobs.make('fal')).kind).toBe('answered')
    expect(await jobs.bench.entries()).toMatchObject([
      { outcome: 'failed', attempt: 1, costNano: 0n },
      { outcome: 'succeeded', attempt: 2, costNano: 70_000_000n },
    ])
  })

  it('a provider that stumbles while it is asked loses no image', async () => {
    jobs.fal.plays({ stumbles: [500, 502, 429] })
    expect(outcomeOf(await jobs.make('fal')).kind).toBe('answered')
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'succeeded', costNano: 70_000_000n }])
  })

  it.each([500, 200])('a provider that answers every question with %d and no state is given up, not asked for ever', async (status) => {
    jobs.fal.plays({ stumbles: Array<number>(100).fill(status) })
    expect(outcomeOf(await jobs.make('fal'))).toMatchObject({ kind: 'failed', failure: { retryable: false } })
    expect(jobs.fal.asked().filter(({ path }) => path.endsWith('/status')).length).toBe(30)
    expect(await jobs.bench.entries()).toMatchObject([{ outcome: 'failed', costNano: null }])
  })

  it.each(['status_url', 'response_url', 'cancel_url'])(
    'a ticket whose %s leads to another host: nothing is sent there, least of all the key',
    async (field) => {
      const before = jobs.stranger.requests.length
      const leaving = new AbortController()
      jobs.fal.plays({
        polls: field === 'cancel_url' ? Infinity : 1,
        ticket: { [field]: `${jobs.stranger.url}/fal-ai/flux-2-max/requests/job-1` },
      })
      const making = jobs.make('fal', { signal: leaving.signal })
      if (field === 'cancel_url') {
        await until(() => jobs.fal.asked().some(({ path }) => path.endsWith('/status')))
        leaving.abort(new Error('nobody waits'))
        expect(await making).toEqual({ kind: 'cancelled' })
      } else {
        expect(outcomeOf(await making)).toMatchObject({ kind: 'failed', failure: { code: 'provider.foreign_address', retryable: false } })
      }
      expect(jobs.stranger.requests.slice(before)).toEqual([])
      expect(await jobs.bench.entries()).toMatchObject([{ costNano: null }])
    },
  )
})
