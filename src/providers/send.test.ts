import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { OK, post, recorder, refusal, sender } from '../../test/support/sending.ts'
import { failureOf } from './failure.ts'
import { openai } from './openai.ts'
import type { Provider } from './provider.ts'
import { findProvider } from './registry.ts'

describe('send', () => {
  it('joins base URL and path, sends the body byte for byte and gives the whole answer', async () => {
    const server = await recorder((response) => response.writeHead(201, { 'x-request-id': 'req_1', 'set-cookie': 'a=b' }).end(OK))
    const body = new Uint8Array(Buffer.from('{"text":"Größe 5\\u00b5m"}'))
    const answer = await sender({ privateHosts: new Set([server.hostPort]) }).send(post(`${server.origin}/v1/`, { body }))
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({ 'x-request-id': 'req_1' })
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(Buffer.from(await answer.readAll()).toString('utf8')).toBe(OK)
    expect(answer.sentAt.getTime()).toBeLessThanOrEqual(answer.firstByteAt!.getTime())
    expect(server.requests).toEqual([
      expect.objectContaining({ method: 'POST', url: '/v1/chat/completions', body: Buffer.from(body).toString('utf8') }),
    ])
    expect(server.requests[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      authorization: 'Bearer some-key-of-a-test',
    })
  })

  it('puts together the provider’s own, the destination’s and the content headers, and nothing else of the caller’s', async () => {
    const server = await recorder()
    const made = sender({ privateHosts: new Set([server.hostPort]) })
    const headers = { accept: 'text/event-stream', Authorization: 'Bearer from-a-library', 'x-stainless-os': 'Linux', cookie: 'a=b' }
    await made.send(
      post(server.origin, {
        headers,
        destination: { baseUrl: server.origin, organization: 'org-1', project: 'proj-1', headers: { 'X-Title': 'Shop ' } },
      }),
    )
    await made.send(post(server.origin, { provider: findProvider('anthropic'), path: '/v1/messages' }))
    expect(server.requests[0]!.headers).toMatchObject({
      accept: 'text/event-stream',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'x-title': 'Shop',
      authorization: 'Bearer some-key-of-a-test',
    })
    expect(Object.keys(server.requests[0]!.headers)).not.toEqual(expect.arrayContaining(['cookie']))
    expect(server.requests[0]!.headers).not.toHaveProperty('x-stainless-os')
    expect(server.requests[1]!.headers).toMatchObject({ 'anthropic-version': '2023-06-01', 'x-api-key': 'some-key-of-a-test' })
    expect(server.requests[1]!.headers).not.toHaveProperty('authorization')
  })

  it('keeps a base URL’s query and joins it with the path’s', async () => {
    const server = await recorder()
    const made = sender({ privateHosts: new Set([server.hostPort]) })
    await made.send(post(`${server.origin}/v1?tenant=7`, { method: 'GET', path: '/models', body: undefined }))
    await made.send(post(`${server.origin}/v1?tenant=7`, { method: 'GET', path: '/models?limit=1', body: undefined }))
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/models?tenant=7', '/v1/models?tenant=7&limit=1'])
  })

  it.each(['//evil.example/x', '/a/../../x', '/./x', 'x', '/x#y', '/a b', '/a\\b', '/a\r\nx: y', ''])(
    'refuses the path %j',
    async (path) => {
      const server = await recorder()
      const error = await refusal(sender({ privateHosts: new Set([server.hostPort]) }).send(post(server.origin, { path })))
      expect([error.code, error.sent, server.connections()]).toEqual(['destination.refused', 'no', 0])
    },
  )

  it('gives errors of the provider as answers, streams as chunks', async () => {
    const server = await recorder((response, { url }) => {
      if (url === '/error') {
        response.writeHead(429, { 'retry-after': '7' }).end('{"error":{"message":"slow down","code":"rate_limit_exceeded"}}')
        return
      }
      response.write('data: 1\n\n')
      setImmediate(() => response.end('data: 2\n\n'))
    })
    const made = sender({ privateHosts: new Set([server.hostPort]) })
    const error = await made.send(post(server.origin, { path: '/error' }))
    const failure = failureOf({
      protocol: openai.chat.protocol,
      status: error.status,
      headers: error.headers,
      bytes: await error.readAll(),
    })
    expect(failure).toMatchObject({ code: 'provider.rate_limited', retryable: true, retryAfterMs: 7000, excerpt: 'slow down' })
    let text = ''
    for await (const chunk of (await made.send(post(server.origin, { path: '/stream' }))).chunks())
      text += Buffer.from(chunk).toString('utf8')
    expect(text).toBe('data: 1\n\ndata: 2\n\n')
  })

  it('unpacks one layer of gzip', async () => {
    const server = await recorder((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(OK)))
    const answer = await sender({ privateHosts: new Set([server.hostPort]) }).send(post(server.origin))
    expect(Buffer.from(await answer.readAll()).toString('utf8')).toBe(OK)
  })

  it('refuses a call without a key at the provider’s own address, and sends none elsewhere', async () => {
    const server = await recorder()
    const made = sender({ privateHosts: new Set([server.hostPort]) })
    const own: Provider = { ...openai, baseUrl: `${server.origin}/v1` }
    expect(await refusal(made.send(post(`${server.origin}/v1`, { key: undefined, provider: own })))).toMatchObject({
      code: 'key.missing',
      sent: 'no',
    })
    expect(await refusal(made.send(post(`${server.origin}/v2/`, { key: undefined, provider: own })))).toMatchObject({
      code: 'key.missing',
      sent: 'no',
    })
    await made.send(post(server.origin, { key: undefined }))
    await made.send(post(server.origin, { key: undefined, provider: findProvider('openai-compatible') }))
    await made.send(post(server.origin, { provider: { ...openai, key: 'none' } }))
    expect(server.requests).toHaveLength(3)
    for (const { headers } of server.requests) expect(headers).not.toHaveProperty('authorization')
  })

  it('reaches the practice server only for the practice provider', async () => {
    const server = await recorder()
    const practice: Provider = { ...openai, id: 'practice', key: 'none', baseUrl: 'practice:' }
    const made = sender({ privateHosts: new Set(), practice: () => Promise.resolve(`${server.origin}/v1`) })
    const answer = await made.send(post('practice:', { provider: practice }))
    expect(answer.status).toBe(200)
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/chat/completions'])
    expect(await refusal(made.send(post('practice:')))).toMatchObject({ code: 'destination.refused', sent: 'no' })
    // and the practice server's port is not thereby open to others
    expect(await refusal(made.send(post(server.origin)))).toMatchObject({ code: 'destination.refused', sent: 'no' })
    const outside = sender({ privateHosts: new Set(), practice: () => Promise.resolve('http://93.184.216.34:80') })
    expect(await refusal(outside.send(post('practice:', { provider: practice })))).toMatchObject({
      code: 'destination.refused',
      sent: 'no',
    })
  })
})
