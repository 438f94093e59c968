import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineRoute } from '../../contract/route.ts'
import { addressOf, believeWorkspace, callApi, onSignedOut } from './call.ts'
import { ApiProblem } from './problem.ts'

const params = z.strictObject({ thingId: z.string() })
const answer = z.strictObject({ name: z.string() })
const readThing = defineRoute({
  id: 'things.read',
  method: 'get',
  path: '/api/v1/things/{thingId}',
  summary: '',
  needs: 'member',
  params,
  answer,
})
const listThings = defineRoute({
  id: 'things.list',
  method: 'get',
  path: '/api/v1/things',
  summary: '',
  needs: 'member',
  query: z.strictObject({ search: z.string().optional(), state: z.array(z.string()).optional(), limit: z.coerce.number().optional() }),
  answer,
})
const changeThing = defineRoute({
  id: 'things.change',
  method: 'patch',
  path: '/api/v1/things/{thingId}',
  summary: '',
  needs: 'member',
  params,
  body: answer,
})

/** A server that answers every request with this. */
function server(status: number, body?: unknown) {
  const fetched = vi.fn<typeof fetch>(async () => new Response(body === undefined ? null : JSON.stringify(body), { status }))
  vi.stubGlobal('fetch', fetched)
  return fetched
}
const problem = { type: '/docs/errors/x', code: 'request.invalid', status: 422, detail: 'One input is wrong.', requestId: 'r-1' }

afterEach(() => {
  vi.unstubAllGlobals()
  believeWorkspace(undefined)
})

async function failure(promise: Promise<unknown>): Promise<ApiProblem> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiProblem)
  return error as ApiProblem
}

describe('addresses', () => {
  it('puts parameters into the path as data, never as path', () => {
    expect(addressOf(readThing, { params: { thingId: '../members?x=1#y' } })).toBe('/api/v1/things/..%2Fmembers%3Fx%3D1%23y')
  })

  it('leaves out what is not asked, and repeats the name of a list', () => {
    expect(addressOf(listThings, { query: { search: 'a & b', state: ['new', 'old'], limit: undefined } })).toBe(
      '/api/v1/things?search=a+%26+b&state=new&state=old',
    )
    expect(addressOf(listThings, undefined)).toBe('/api/v1/things')
  })
})

describe('calls', () => {
  it('sends the body as JSON and answers the body', async () => {
    const fetched = server(200, { name: 'lamp' })
    expect(await callApi(changeThing, { params: { thingId: '1' }, body: { name: 'lamp' } })).toEqual({ name: 'lamp' })
    const [address, init] = fetched.mock.calls[0]!
    expect(address).toBe('/api/v1/things/1')
    expect(init).toMatchObject({ method: 'PATCH', body: '{"name":"lamp"}', credentials: 'same-origin', redirect: 'error' })
    expect(init!.headers).toEqual({ accept: 'application/json', 'content-type': 'application/json' })
  })

  it('says which workspace the page shows', async () => {
    believeWorkspace('w-1')
    const fetched = server(204)
    expect(await callApi(listThings)).toBeUndefined()
    expect(fetched.mock.calls[0]![1]!.headers).toMatchObject({ 'x-latchkey-workspace': 'w-1' })
  })

  it('throws what the server said, input by input', async () => {
    server(422, { ...problem, issues: [{ path: 'body.name', message: 'is empty' }] })
    const thrown = await failure(callApi(changeThing, { params: { thingId: '1' }, body: { name: '' } }))
    expect(thrown).toMatchObject({ code: 'request.invalid', status: 422, detail: 'One input is wrong.', requestId: 'r-1' })
    expect(thrown.issue('name')).toBe('is empty')
    expect(thrown.issue('other')).toBeUndefined()
  })

  it('tells a server that is away from one that refuses', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch')
    })
    expect(await failure(callApi(listThings))).toMatchObject({ code: 'offline', status: 0 })
    server(502, '<html>Bad gateway</html>')
    expect(await failure(callApi(listThings))).toMatchObject({ code: 'unexpected', status: 502 })
  })

  it('leads to sign-in when the session is over, not when a password or a key is wrong', async () => {
    const over = vi.fn<() => void>()
    const stop = onSignedOut(over)
    for (const code of ['signin.refused', 'provider.bad_key']) {
      server(401, { ...problem, status: 401, code })
      await failure(callApi(listThings))
    }
    expect(over).not.toHaveBeenCalled()
    server(401, { ...problem, status: 401, code: 'session.missing' })
    await failure(callApi(listThings))
    expect(over).toHaveBeenCalledOnce()
    stop()
  })
})
