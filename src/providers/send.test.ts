import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { buildConnector, Client } from 'undici'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canaryKey, everythingOf, leaksIn } from '../../test/support/leaks.ts'
import { startRecorder, startTcpServer, type Recorder } from '../../test/support/recorder.ts'
import { Secret } from '../base/secret.ts'
import { checkDestination, type Lookup } from './destination-guard.ts'
import { bodyFailureOf, failureOf, ProviderCallError } from './failure.ts'
import { openai } from './openai.ts'
import { OFFER_KINDS, pathOf, type Provider } from './provider.ts'
import { findProvider, providers as allProviders } from './registry.ts'
import { createSender, type Sender, type SenderOptions, type SendRequest } from './send.ts'

const OK = JSON.stringify({ id: 'r1', model: 'm', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })

async function recorder(respond: Parameters<typeof startRecorder>[0] = (response) => response.end(OK)): Promise<Recorder> {
  const server = await startRecorder(respond)
  onTestFinished(() => server.close())
  return server
}

function sender(options: SenderOptions): Sender {
  const made = createSender(options)
  onTestFinished(() => made.close())
  return made
}

const post = (baseUrl: string, more: Partial<SendRequest> = {}): SendRequest => ({
  provider: openai,
  destination: { baseUrl },
  method: 'POST',
  path: '/chat/completions',
  headers: { 'content-type': 'application/json' },
  body: '{"model":"m"}',
  key: new Secret(Buffer.from('some-key-of-a-test')),
  ...more,
})

async function refusal(promise: Promise<unknown>): Promise<ProviderCallError> {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ProviderCallError)
  return error as ProviderCallError
}

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

describe('KEY-7: a redirect is an error and is never followed', () => {
  const codes = [301, 302, 303, 307, 308]
  const forms = ['same origin, absolute', 'same origin, relative', 'other origin', 'other origin, without scheme'] as const
  const providers = ['openai', 'anthropic']
  it.each(codes.flatMap((code) => forms.flatMap((form) => providers.map((provider) => [code, form, provider] as const))))(
    '%i, %s, %s',
    async (code, form, provider) => {
      const second = await recorder()
      const first: Recorder = await recorder((response, { url }) => {
        if (url === '/elsewhere') {
          response.end(OK)
          return
        }
        const location = {
          'same origin, absolute': `${first.origin}/elsewhere`,
          'same origin, relative': '/elsewhere',
          'other origin': `${second.origin}/elsewhere`,
          'other origin, without scheme': `//${second.hostPort}/elsewhere`,
        }[form]
        response.writeHead(code, { location }).end()
      })
      const key = canaryKey()
      const made = sender({ privateHosts: new Set([first.hostPort, second.hostPort]) })
      const error = await refusal(made.send(post(first.origin, { key: key.secret(), provider: findProvider(provider) })))
      expect(error).toMatchObject({ code: 'provider.redirected', retryable: false, sent: 'maybe' })
      expect(first.requests).toHaveLength(1)
      expect(second.connections()).toBe(0)
      expect(leaksIn(everythingOf(error), key.text)).toEqual([])
    },
  )
})

it('KEY-8: a header of the destination that is not allowed stops the call before it leaves', async () => {
  const server = await recorder()
  const made = sender({ privateHosts: new Set([server.hostPort]) })
  const bad = [
    'x-a\r\nhost',
    'Host',
    'Authorization',
    'x-api-key',
    'Transfer-Encoding',
    'Connection',
    'Proxy-Authorization',
    'Cookie',
    'content-length',
  ]
  for (const name of bad) {
    const value = canaryKey().text
    const error = await refusal(made.send(post(server.origin, { destination: { baseUrl: server.origin, headers: { [name]: value } } })))
    expect([error.code, error.sent]).toEqual(['header.refused', 'no'])
    expect(leaksIn(everythingOf(error), value)).toEqual([])
  }
  expect(server.connections()).toBe(0)
})

it('KEY-8: a key that no header can carry fails without being repeated', async () => {
  const server = await recorder()
  const made = sender({ privateHosts: new Set([server.hostPort]) })
  for (const broken of ['\r', '\n', '\r\nx-evil: 1', '\0', '\u00e9', '\u4e2d', ' ', '\t', '\u007f']) {
    const key = canaryKey()
    const error = await refusal(made.send(post(server.origin, { key: new Secret(Buffer.from(key.text + broken)) })))
    expect([error.code, error.sent]).toEqual(['key.invalid', 'no'])
    expect(leaksIn(everythingOf(error), key.text)).toEqual([])
  }
  expect(server.connections()).toBe(0)
})

it('KEY-9: the key is in its header and never in a URL', async () => {
  const server = await recorder()
  const made = sender({ privateHosts: new Set([server.hostPort]) })
  const key = canaryKey()
  const ids = Object.keys(allProviders).filter((id) => id !== 'practice')
  let asked = 0
  for (const id of ids) {
    const provider = findProvider(id)
    const offers = OFFER_KINDS.flatMap((kind) => provider[kind] ?? [])
    const paths = [...offers.map((offer) => pathOf(offer, 'some/model:1')), provider.checkKey.path, provider.listModels?.path ?? '/models']
    asked += paths.length
    for (const path of paths) {
      await made.send(post(`${server.origin}/base?tenant=1`, { provider, path, key: key.secret() }))
    }
  }
  expect(server.requests).toHaveLength(asked)
  for (const { url, body, headers } of server.requests) {
    expect(leaksIn(url + body, key.text)).toEqual([])
    expect(Object.values(headers).filter((value) => String(value).includes(key.text))).toHaveLength(1)
  }
})

describe('KEY-10: no failure carries the key', () => {
  const key = canaryKey()
  const protocol = openai.chat.protocol

  it('a name that does not resolve', async () => {
    const failing: Lookup = () =>
      Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${key.text}`), { code: 'ENOTFOUND', hostname: key.text }))
    const error = await refusal(
      sender({ privateHosts: new Set(), lookup: failing }).send(post('https://nowhere.example.com', { key: key.secret() })),
    )
    expect(error).toMatchObject({ code: 'provider.unreachable', sent: 'no', retryable: true, reason: 'ENOTFOUND' })
    expect(leaksIn(everythingOf(error), key.text)).toEqual([])
  })

  it('nobody listening', async () => {
    const server = await startTcpServer(() => {})
    await server.close()
    const error = await refusal(sender({ privateHosts: new Set([server.hostPort]) }).send(post(server.origin, { key: key.secret() })))
    expect(error).toMatchObject({ code: 'provider.unreachable', sent: 'no', retryable: true, reason: 'ECONNREFUSED' })
    expect(leaksIn(everythingOf(error), key.text)).toEqual([])
  })

  it('a server that does not speak TLS', async () => {
    let seen = ''
    const server = await startTcpServer((socket) =>
      socket.on('data', (bytes) => {
        seen += bytes.toString('latin1')
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      }),
    )
    onTestFinished(() => server.close())
    const made = sender({
      privateHosts: new Set([`llm.example.com:${server.port}`]),
      lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    })
    const error = await refusal(made.send(post(`https://llm.example.com:${server.port}/v1`, { key: key.secret() })))
    expect(error).toMatchObject({ code: 'provider.unreachable', sent: 'no', retryable: false })
    expect(leaksIn(everythingOf(error) + seen, key.text)).toEqual([])
    // the connection went to the checked address under the name of the URL (SNI)
    expect(seen).toContain('llm.example.com')
  })

  const breaks = [
    ['before the answer', ''],
    ['inside the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['inside the body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":'],
    ['inside a chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":'],
    ['inside a gzipped body', `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n${gzipSync(OK).subarray(0, 40).toString('latin1')}`],
  ] as const
  const endings = { reset: (socket: Socket) => socket.resetAndDestroy(), closed: (socket: Socket) => socket.end() }
  it.each(breaks.flatMap(([where, start]) => Object.entries(endings).map(([how, end]) => [how, where, start, end] as const)))(
    'a connection %s %s',
    async (_how, _where, start, end) => {
      const server = await startTcpServer((socket) =>
        socket.once('data', () => socket.write(start, 'latin1', () => setImmediate(end, socket))),
      )
      onTestFinished(() => server.close())
      const made = sender({ privateHosts: new Set([server.hostPort]) })
      const error = await refusal(made.send(post(server.origin, { key: key.secret() })).then((answer) => answer.readAll()))
      expect(error).toMatchObject({ code: 'provider.cut_off', sent: 'maybe', retryable: true })
      expect(leaksIn(everythingOf(error), key.text)).toEqual([])
    },
  )

  it('an answer that is no HTTP and echoes the request', async () => {
    const server = await startTcpServer((socket) => socket.on('data', (bytes) => socket.end(Buffer.concat([Buffer.from('NOPE '), bytes]))))
    onTestFinished(() => server.close())
    const error = await refusal(sender({ privateHosts: new Set([server.hostPort]) }).send(post(server.origin, { key: key.secret() })))
    expect(error).toMatchObject({ code: 'provider.answer_malformed', sent: 'maybe' })
    expect(leaksIn(everythingOf(error), key.text)).toEqual([])
  })

  it('answers that echo the key in body and headers: 401, 500, and 200 with an error inside', async () => {
    const echo =
      (status: number): Parameters<typeof startRecorder>[0] =>
      (response, { headers }) => {
        const message = `Incorrect API key provided: ${key.text}. Headers: ${JSON.stringify(headers)}`
        response
          .writeHead(status, {
            'x-request-id': key.text,
            'x-ratelimit-reset-tokens': key.text.slice(3, 20),
            'retry-after': headers.authorization,
            'content-type': `application/json; k=${key.text}`,
          })
          .end(JSON.stringify({ error: { message, code: status === 200 ? 500 : 'x' } }))
      }
    for (const status of [401, 500, 200]) {
      const server = await recorder(echo(status))
      const answer = await sender({ privateHosts: new Set([server.hostPort]) }).send(post(server.origin, { key: key.secret() }))
      const bytes = await answer.readAll()
      const { headers } = answer
      const failure =
        status === 200
          ? bodyFailureOf({ protocol, headers, body: JSON.parse(Buffer.from(bytes).toString('utf8')), key: key.secret() })!
          : failureOf({ protocol, status, headers, bytes, key: key.secret() })
      expect(failure.code).toBe(status === 401 ? 'provider.bad_key' : 'provider.failed')
      expect(failure.excerpt).toBeTypeOf('string')
      const shown = everythingOf(new ProviderCallError(failure, 'maybe')) + everythingOf(failure) + everythingOf(headers)
      expect(leaksIn(shown, key.text)).toEqual([])
    }
  })
})

describe('KEY-11: what is kept of a provider’s text holds nothing of the key', () => {
  const key = canaryKey()
  const half = key.text.slice(0, key.text.length / 2)
  const texts = {
    whole: `Invalid key ${key.text}`,
    'first half': `Invalid key ${half}…`,
    'second half': `Invalid key ${key.text.slice(half.length)}`,
    'in HTML': `<html><body><h1>401</h1><p>Key: <b>${key.text}</b></p></body></html>`,
    'in HTML, escaped': `<p>${Array.from(key.text)
      .map((letter) => `&#${letter.charCodeAt(0)};`)
      .join('')}</p>`,
    'in HTML, split by tags': `<p>${half}<wbr>${key.text.slice(half.length)}</p>`,
    'in base64': `Authorization: Basic ${Buffer.from(`user:${key.text}`).toString('base64')}`,
    'in hex': Buffer.from(key.text).toString('hex').toUpperCase(),
    reversed: Array.from(key.text).toReversed().join(''),
    'percent-encoded': `key=${Array.from(key.text)
      .map((letter) => `%${letter.charCodeAt(0).toString(16)}`)
      .join('')}`,
    'JSON-escaped': Array.from(key.text)
      .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  }
  it.each(Object.entries(texts))('%s', (_, text) => {
    for (const body of [text, JSON.stringify({ error: { message: text } }), JSON.stringify({ detail: [{ msg: text }] })]) {
      const failure = failureOf({ protocol: openai.chat.protocol, status: 401, headers: {}, bytes: Buffer.from(body), key: key.secret() })
      expect(failure.code).toBe('provider.bad_key')
      expect(leaksIn(everythingOf(failure), key.text)).toEqual([])
      expect(Array.from(failure.excerpt ?? '').length).toBeLessThanOrEqual(200)
    }
  })
})

describe('KEY-15: nothing is taken from the environment', () => {
  const names = [
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL',
    'OPENAI_ORG_ID',
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'MISTRAL_API_KEY',
    'OPENROUTER_API_KEY',
  ]
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const before = { ...process.env }
  const canary = canaryKey()
  let trap: Recorder
  beforeAll(async () => {
    trap = await startRecorder((response) => response.end(OK))
    for (const name of names) process.env[name] = name.includes('URL') ? trap.origin : canary.text
    for (const name of proxies) process.env[name] = trap.origin
    process.env['NODE_USE_ENV_PROXY'] = '1'
    delete process.env['NO_PROXY']
    delete process.env['no_proxy']
  })
  afterAll(async () => {
    for (const name of [...names, ...proxies, 'NODE_USE_ENV_PROXY']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
    await trap.close()
  })

  it('no key, no base URL, no proxy', async () => {
    const server = await recorder()
    const made = sender({ privateHosts: new Set([server.hostPort]) })
    for (const id of ['openai', 'anthropic', 'openrouter', 'mistral']) {
      const provider = findProvider(id)
      const own: Provider = { ...provider, baseUrl: server.origin }
      expect(await refusal(made.send(post(server.origin, { provider: own, key: undefined })))).toMatchObject({
        code: 'key.missing',
        sent: 'no',
      })
      await made.send(post(server.origin, { provider }))
      await made.send(post(server.origin, { provider, key: undefined }))
    }
    for (const id of ['openai-compatible', 'anthropic-compatible'])
      await made.send(post(server.origin, { provider: findProvider(id), key: undefined }))
    expect(server.requests).toHaveLength(10)
    expect(leaksIn(JSON.stringify(server.requests), canary.text)).toEqual([])
    expect(trap.connections()).toBe(0)
  })
})

it('NET-2: a name that first resolves to a public and then to a private address is blocked', async () => {
  const victim = await recorder()
  const answers = [[{ address: '93.184.216.34', family: 4 }], [{ address: '127.0.0.1', family: 4 }]]
  let asked = 0
  const rebinding: Lookup = () => Promise.resolve(answers[Math.min(asked++, 1)]!)
  const baseUrl = `https://rebind.example.com:${victim.port}`
  await checkDestination(baseUrl, { privateHosts: new Set(), lookup: rebinding })
  const made = sender({ privateHosts: new Set(), lookup: rebinding })
  for (let call = 0; call < 3; call += 1) {
    expect(await refusal(made.send(post(baseUrl)))).toMatchObject({ code: 'destination.refused', sent: 'no', retryable: false })
  }
  expect(asked).toBe(4)
  expect(victim.connections()).toBe(0)
})

it('NET-2: a name with one public and one private address is blocked', async () => {
  const victim = await recorder()
  const both: Lookup = () =>
    Promise.resolve([
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ])
  const error = await refusal(sender({ privateHosts: new Set(), lookup: both }).send(post(`https://both.example.com:${victim.port}`)))
  expect([error.code, error.sent, victim.connections()]).toEqual(['destination.refused', 'no', 0])
})

it('NET-3: the library asks no resolver for an IP literal, so a guard there alone lets it through', async () => {
  const victim = await recorder()
  let asked = 0
  const guardInLookup = buildConnector({
    lookup: (_hostname, _options, callback) => {
      asked += 1
      callback(new Error('blocked'), '')
    },
  })
  const client = new Client(victim.origin, { connect: guardInLookup })
  onTestFinished(() => client.destroy())
  await client.request({ method: 'GET', path: '/' })
  expect([asked, victim.requests.length]).toEqual([0, 1])
})

it('NET-3: an IP literal is checked before connecting', async () => {
  const victim = await recorder()
  const made = sender({ privateHosts: new Set() })
  for (const host of ['127.0.0.1', '2130706433', '0x7f000001', '127.1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::1]']) {
    const error = await refusal(made.send(post(`https://${host}:${victim.port}/v1`)))
    expect([error.code, error.sent]).toEqual(['destination.refused', 'no'])
  }
  expect(victim.connections()).toBe(0)
})
