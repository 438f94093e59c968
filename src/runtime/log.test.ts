import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../../test/support/test-folder.ts'
import { AppError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { createLog, describeError, type LogFields } from './log.ts'
import { rememberSecret } from './scrub.ts'

/** Not key-shaped: only its value gives it away. */
const CANARY = 'canary.wombat.saxophone'

function collect(level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = []
  return { lines, log: createLog({ level, target: { write: (line) => lines.push(line) } }) }
}

describe('a line', () => {
  it('is JSON with level, time, message and the fields that were bound and given', () => {
    const { lines, log } = collect()
    log.with({ requestId: 'r1' }).info({ callId: 'c1', durationMs: 12 }, 'the call ended')
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'info',
      msg: 'the call ended',
      requestId: 'r1',
      callId: 'c1',
      durationMs: 12,
      pid: process.pid,
    })
    expect(JSON.parse(lines[0]!).time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('is left out below the level', () => {
    const { lines, log } = collect('warn')
    log.info({}, 'not this')
    log.warn({}, 'but this')
    expect(lines).toHaveLength(1)
  })

  it('goes to a file that only its owner reads', () => {
    const file = join(testFolder(), 'latchkey.log')
    createLog({ level: 'info', target: { file } }).info({}, 'hello')
    expect(readFileSync(file, 'utf8')).toContain('"msg":"hello"')
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})

describe('KEY-10: nothing that was not named gets in', () => {
  const smuggled = {
    headers: { authorization: `Bearer ${CANARY}` },
    request: new Request('http://localhost/', { headers: { 'x-api-key': CANARY } }),
    callId: { secret: CANARY },
  }
  const withHeaders = Object.assign(
    new TypeError('fetch failed', { cause: Object.assign(new Error(CANARY), { code: 'ECONNRESET', body: CANARY }) }),
    {
      headers: { 'x-api-key': CANARY },
      config: { key: CANARY },
    },
  )
  const hostile = new Proxy(new Error('x'), {
    get: () => {
      throw new Error(CANARY)
    },
  })

  it.each<[string, LogFields]>([
    ['other fields', smuggled as unknown as LogFields],
    ['an error with properties and a cause', { error: withHeaders }],
    ['an error under the name that pino has for it', { err: withHeaders } as unknown as LogFields],
    ['a thrown object', { error: smuggled }],
    ['a thrown request', { error: smuggled.request }],
    ['an error of ours with a cause', { error: new AppError('provider.unreachable', 'Try again later.', { cause: withHeaders }) }],
    ['several errors in one', { error: new AggregateError([withHeaders, CANARY], 'all failed') }],
    ['an error whose getters throw', { error: hostile }],
    ['an error with a hostile name', { error: Object.assign(new Error('x'), { name: `Bearer ${CANARY}`, code: { CANARY } }) }],
  ])('%s', (_, fields) => {
    const { lines, log } = collect()
    log.error(fields, 'a failure')
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('wombat')
  })

  it('a secret in use is removed from messages, stacks and fields by its value', () => {
    const forget = rememberSecret(new Secret(Buffer.from(CANARY)))
    const { lines, log } = collect()
    log.error({ error: new Error(`invalid header value ${CANARY}\n    at ${CANARY}`), host: `${CANARY}:443` }, `refused ${CANARY}`)
    forget()
    expect(lines[0]).not.toContain('wombat')
    expect(lines[0]).toContain('[removed]')
  })

  it('a key cut off at the length limit of a message leaves no piece', () => {
    const message = `${'x '.repeat(1990)} sk-${'a1'.repeat(60)}`
    expect(describeError(new Error(message)).message).not.toContain('a1a1')
  })
})

describe('an error', () => {
  it('keeps what helps to find it', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:80'), { code: 'ECONNREFUSED' })
    const described = describeError(new AppError('provider.unreachable', 'Nothing answers. Is it running?', { cause }))
    expect(described).toMatchObject({
      name: 'AppError',
      code: 'provider.unreachable',
      message: 'Nothing answers. Is it running?',
      causes: [{ name: 'Error', code: 'ECONNREFUSED' }],
    })
    expect(described.stack?.[0]).toContain('log.test.ts')
    expect(JSON.stringify(described)).not.toContain('10.0.0.5')
  })

  it('a circle of causes ends', () => {
    const error = new Error('round')
    error.cause = error
    expect(describeError(error).causes).toHaveLength(5)
  })
})
