import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canaryKey, everythingOf, leaksIn } from '../../test/support/leaks.ts'
import { startRecorder, startTcpServer, type Recorder } from '../../test/support/recorder.ts'
import { OK, post, recorder, refusal, sender } from '../../test/support/sending.ts'
import { Secret } from '../base/secret.ts'
import type { Lookup } from './destination-guard.ts'
import { bodyFailureOf, failureOf, ProviderCallError } from './failure.ts'
import { openai } from './openai.ts'
import { pathOf } from './asked.ts'
import { OFFER_KINDS } from './offer.ts'
import type { Provider } from './provider.ts'
import { findProvider, providers as allProviders } from './registry.ts'

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
