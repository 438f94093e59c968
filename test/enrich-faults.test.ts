import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Enriched, type Installation, makeInstallation } from './support/installation.ts'
import { goodAnswer, type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { answerJson, chatCompletion, type RawServer, startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

const FIELDS = ['--fields', 'title,description,attributes']
const MIB = 1024 * 1024
/** How far a hostile answer may raise the command's memory over a good one's (security.md NET-5 asks 64 MiB of the server). */
const MOST_MEMORY_MIB = 96

/** What the hostile server does with a product of this name; `turn` 1 is the first time it is asked about it. */
const BEHAVIOURS: Record<string, (response: ServerResponse, turn: number, key: string) => void> = {
  'honest lamp': good,
  'gzip bomb': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(bomb())
  },
  'endless answer': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const piece = Buffer.alloc(64 * 1024, 0x20)
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more)
    more()
  },
  'negative usage': (response) =>
    answerJson(response, 200, chatCompletion(answer(), { usage: { prompt_tokens: -500, completion_tokens: 200, total_tokens: -300 } })),
  'absurd usage': (response) =>
    answerJson(response, 200, chatCompletion(answer(), { usage: { prompt_tokens: 'NaN', completion_tokens: 1e300 } })),
  'missing usage': (response) => answerJson(response, 200, chatCompletion(answer(), { usage: 'none' })),
  'prose always': (response) => answerJson(response, 200, chatCompletion('Sorry, here is the description you asked for.')),
  'prose once': (response, turn) => (turn === 1 ? answerJson(response, 200, chatCompletion('Sorry.')) : good(response)),
  'cut short': (response) =>
    answerJson(response, 200, chatCompletion('{"title":"Arven article","descr', { choice: { finish_reason: 'length' } })),
  'filtered content': (response) => answerJson(response, 200, chatCompletion('', { choice: { finish_reason: 'content_filter' } })),
  'refused content': (response) =>
    answerJson(
      response,
      200,
      chatCompletion(null, { choice: { message: { role: 'assistant', content: null, refusal: 'I cannot help with that.' } } }),
    ),
  'nested deeply': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  },
  'login page': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html><body>Please log in</body></html>')
  },
  'broken letters': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const [before, after] = JSON.stringify(chatCompletion(answer({ title: 'Arven @@ article' }))).split('@@')
    response.end(Buffer.concat([Buffer.from(before!), Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0]), Buffer.from(after!)]))
  },
  'key in a page': (response, _turn, key) => {
    response.writeHead(400, { 'content-type': 'text/html' })
    response.end(
      `<html><pre>POST with authorization: Bearer ${key} (${Buffer.from(key).toString('base64')}) was not understood</pre></html>`,
    )
  },
  'key in a failure': (response, turn, key) =>
    turn === 1
      ? answerJson(response, 500, { error: { message: `upstream said: ${key}`, headers: { authorization: key } } })
      : good(response),
  'cut connection': (response, turn) => (turn === 1 ? response.socket!.destroy() : good(response)),
  'half a body': (response, turn) => {
    if (turn > 1) return good(response)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
    response.write('{"choices":[')
    setTimeout(() => response.socket?.destroy(), 20)
  },
}

let bombBytes: Buffer | undefined
const bomb = (): Buffer => (bombBytes ??= gzipSync(Buffer.alloc(400 * MIB, 0x20)))

const answer = (fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...(JSON.parse(goodAnswer([], 'brand: Arven')) as object), ...fields })

function good(response: ServerResponse): void {
  answerJson(response, 200, chatCompletion(answer()))
}

describe('a hostile provider', () => {
  const key = newSecret()
  const turns = new Map<string, number>()
  let installation: Installation
  let hostile: RawServer
  let enriched: Enriched
  let idleMib = 0
  let peakMib = 0
  beforeAll(async () => {
    bomb()
    installation = await makeInstallation()
    hostile = await startRawServer(({ body }, response) => {
      const name = Object.keys(BEHAVIOURS).find((behaviour) => body.includes(`name: ${behaviour}`))!
      const turn = (turns.get(name) ?? 0) + 1
      turns.set(name, turn)
      BEHAVIOURS[name]!(response, turn, key)
    })
    const names = Object.keys(BEHAVIOURS)
    const honest = writeCatalogue(
      installation.home.file('honest.csv'),
      madeProducts(3, () => ({ name: 'honest lamp' })),
    )
    idleMib = (await watched(honest)).peakMib
    const all = writeCatalogue(
      installation.home.file('hostile.csv'),
      madeProducts(names.length, (_, index) => ({ name: names[index]! })),
    )
    ;({ enriched, peakMib } = await watched(all))
  })
  afterAll(async () => {
    await hostile?.stop()
    await installation?.remove()
  })

  const watched = async (file: string): Promise<{ enriched: Enriched; peakMib: number }> => {
    const args = [file, '--out', `${file}.out`, '--provider', 'openai', '--model', 'gpt-4.1-mini', '--concurrency', '4', ...FIELDS]
    const { child, result } = installation.start(['enrich', ...args, ...atAddress(hostile.url), '--key-env', 'MY_KEY', '--yes', '--json'], {
      MY_KEY: key,
    })
    let peak = 0
    const timer = setInterval(() => (peak = Math.max(peak, peakMemoryMib(child.pid!))), 50)
    const ended = await result
    clearInterval(timer)
    return { enriched: { ...ended, report: JSON.parse(ended.stdout) as Enriched['report'] }, peakMib: peak }
  }
  const failureOf = (name: string) =>
    enriched.report.failures.find(({ row }) => row === Object.keys(BEHAVIOURS).indexOf(name) + 1)?.code ?? 'succeeded'

  it.each([
    ['honest lamp', 'succeeded', 1],
    ['gzip bomb', 'provider.answer_too_large', 1],
    ['endless answer', 'provider.answer_too_large', 1],
    ['negative usage', 'succeeded', 1],
    ['absurd usage', 'provider.answer_malformed', 2],
    ['missing usage', 'succeeded', 1],
    ['prose always', 'output.invalid', 2],
    ['prose once', 'succeeded', 2],
    ['cut short', 'output.invalid', 2],
    ['filtered content', 'provider.content_refused', 1],
    ['refused content', 'provider.content_refused', 1],
    ['nested deeply', 'provider.answer_malformed', 2],
    ['login page', 'provider.answer_malformed', 2],
    ['broken letters', 'provider.answer_malformed', 2],
    ['key in a page', 'provider.request_refused', 1],
    ['key in a failure', 'succeeded', 2],
    ['cut connection', 'succeeded', 2],
    ['half a body', 'succeeded', 2],
  ])('%s: %s after %i requests', (name, outcome, requests) => {
    const before = name === 'honest lamp' ? 3 : 0 // from the run that measured the memory
    expect([failureOf(name), turns.get(name)! - before]).toEqual([outcome, requests])
  })

  it('every product is accounted for, the failed ones are listed, and the command ends with 4', () => {
    const { report, code, stderr } = enriched
    const failed = report.failures.length
    expect(report, stderr).toMatchObject({ products: Object.keys(BEHAVIOURS).length, failed, waiting: 0, paused: null })
    expect(report.succeeded + report.flagged + failed).toBe(report.products)
    for (const { product, reason } of report.failures)
      expect([product, reason]).toEqual([expect.stringMatching(/^SKU-/), expect.stringMatching(/\w{3}/)])
    expect(report.calls).toBe(hostile.requests.length - 3)
    expect(code).toBe(4)
  })

  it('what has no usage that can be trusted has an unknown cost, never zero', () => {
    // too large (2), usage negative and missing (2), status 500 (1), cut off (2), malformed (4 products, twice)
    expect(enriched.report.costUnknownCalls).toBe(2 + 2 + 1 + 2 + 8)
    // Status 400 is turned away and free. 500 and 200 tokens of gpt-4.1-mini are 0.00052 dollars: honest, prose (2 + 2),
    // cut short (2), filtered, refused, and three that recovered.
    expect(enriched.report.cost.amount).toBe(formatNano((1n + 2n + 2n + 2n + 1n + 1n + 3n) * 520_000n))
  })

  it('memory stays bounded', () => {
    expect(idleMib).toBeGreaterThan(50)
    expect(peakMib - idleMib).toBeLessThan(MOST_MEMORY_MIB)
  })

  it('what the server said is in a field of the log alone, no answer even there, and no key anywhere (KEY-1, KEY-10, KEY-11)', async () => {
    const [logged, shown] = [true, false].map((isLog) =>
      enriched.stderr.split('\n').filter((line) => line.startsWith('{"level"') === isLog),
    ) as [string[], string[]]
    const said = /upstream said|was not understood|Please log in|I cannot help/
    expect(enriched.stdout + shown.join('\n')).not.toMatch(said)
    const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.filter(({ msg }) => msg === 'call failed').length).toBeGreaterThan(10)
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    for (const { excerpt = '', ...line } of lines) {
      expect(JSON.stringify(line)).not.toMatch(said)
      expect(String(excerpt).length).toBeLessThanOrEqual(200)
      expect(excerpt).not.toMatch(/Please log in|I cannot help|Arven/)
    }
    await installation.expectNoSecret([key])
  })
})

describe('a redirecting provider', () => {
  it('gets no key and no second request: the run pauses and says what to do (KEY-7)', async () => {
    const installation = await makeInstallation({ on: 'postgres' })
    const key = newSecret()
    const second = await startRawServer((_, response) => answerJson(response, 200, chatCompletion(answer())))
    const first = await startRawServer((_, response) => {
      response.writeHead(307, { location: `${second.url}/v1/chat/completions` })
      response.end()
    })
    try {
      const file = writeCatalogue(installation.home.file('products.csv'), madeProducts(5))
      const args = [file, '--out', installation.home.file('out.csv'), '--provider', 'openai', '--model', 'gpt-4.1-mini', ...FIELDS]
      const { report, code } = await installation.enrich([...args, ...atAddress(first.url), '--key-env', 'MY_KEY'], { MY_KEY: key })
      expect(report).toMatchObject({ succeeded: 0, failed: 0, waiting: 5, paused: { code: 'provider.redirected' } })
      expect(report.paused!.detail).toContain('base URL')
      expect(code).toBe(4)
      expect(second.requests).toEqual([])
      await installation.expectNoSecret([key])
    } finally {
      await first.stop()
      await second.stop()
      await installation.remove()
    }
  })
})

describe('a provider that is slow to serve', () => {
  let installation: Installation
  let mock: MockProvider
  const arrivals: number[] = []
  const unbounded = new Set<number>()
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'postgres' })
    mock = await startMockProvider({
      latencyMs: 30,
      // 3: a limit that says how long; 6: one that does not; 9 and 12: the server failed
      script: ({ number }) =>
        number === 3
          ? { status: 429, message: 'Rate limit reached', code: 'rate_limit_exceeded', retryAfterSeconds: 2 }
          : number === 9 || number === 12
            ? { status: 500, message: 'The server had an error', type: 'server_error' }
            : undefined,
      onRequest: (_, response) => {
        arrivals.push(performance.now())
        if (arrivals.length !== 6) return false
        unbounded.add(6)
        answerJson(response, 429, { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } })
        return true
      },
    })
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })

  it('is asked again: Retry-After holds every call back, and nothing is lost', async () => {
    const file = writeCatalogue(installation.home.file('products.csv'), madeProducts(16))
    const args = [file, '--out', installation.home.file('out.csv'), '--provider', 'openai', '--model', 'gpt-4.1-mini', '--concurrency', '1']
    const { report, code } = await installation.enrich([...args, ...FIELDS, ...atAddress(mock.url)])
    expect(report).toMatchObject({ products: 16, succeeded: 16, failed: 0, calls: 20, costUnknownCalls: 2 })
    expect(code).toBe(0)
    expect(arrivals).toHaveLength(20)
    expect(arrivals[3]! - arrivals[2]!).toBeGreaterThan(1_900) // loosely: the mock's clock, and 30 ms of latency
    expect(unbounded).toEqual(new Set([6]))
    const outcomes = await installation.rows(sql`
      select outcome, status, error_code, cost_nano::text as nano, count(*)::integer as count from ledger_entries group by 1, 2, 3, 4 order by 2, 3`)
    expect(outcomes).toEqual([
      { outcome: 'succeeded', status: 200, error_code: null, nano: '520000', count: 16 },
      { outcome: 'failed', status: 429, error_code: 'provider.rate_limited', nano: '0', count: 2 },
      { outcome: 'failed', status: 500, error_code: 'provider.failed', nano: null, count: 2 },
    ])
  })
})

describe('five products in one call', () => {
  it('are matched by id; only those missing, twice there or broken are asked again, with nothing of the others', async () => {
    const installation = await makeInstallation({ on: 'postgres' })
    const mock = await startMockProvider({
      script: ({ number, ids, user }) => {
        if (number === 3) return { content: JSON.stringify({ products: [{ ...one(user, ids, 'p1'), title: '' }, one(user, ids, 'p2')] }) }
        if (number > 1) return undefined
        const [first, second, third, fourth] = ['p4', 'p2', 'p1', 'p3'].map((id) => one(user, ids, id))
        // p5 left out, p3 broken, p2 twice, an unknown id; in another order
        return {
          content: JSON.stringify({
            products: [first, { ...second }, third, { ...fourth, description: 7 }, { ...second }, { ...first, id: 'p9' }],
          }),
        }
      },
    })
    try {
      const file = writeCatalogue(
        installation.home.file('products.csv'),
        madeProducts(7, (_, index) => ({ remark: `marker${'abcdefg'[index]!}` })),
      )
      const args = [
        file,
        '--out',
        installation.home.file('out.csv'),
        '--provider',
        'openai',
        '--model',
        'gpt-4.1-mini',
        '--per-call',
        '5',
        '--concurrency',
        '1',
      ]
      const { report, code } = await installation.enrich([...args, ...FIELDS, ...atAddress(mock.url)])
      const shown = mock
        .requests()
        .map(({ body }) => [...JSON.stringify(body).matchAll(/marker([a-g])/g)].map(([, letter]) => letter!).join(''))
      // the first five; then only b (twice), c (broken), e (missing); the last two, of which the first is broken, again and in vain
      expect(shown).toEqual(['abcde', 'bce', 'fg', 'f'])
      expect(report).toMatchObject({ products: 7, succeeded: 7, failed: 0, calls: 4 })
      expect(code).toBe(0)
      const shares = await installation.rows(sql`select position, cost_nano::text as nano from run_items order by position`)
      // 520 000 nano-dollars a call: a fifth; a third more for those asked again; halves; and a whole one more
      expect(shares.map(({ nano }) => Number(nano))).toEqual([104_000, 277_334, 277_333, 104_000, 277_333, 780_000, 260_000])
      expect(readFileSync(installation.home.file('out.csv'), 'utf8').split('\n')[3]).toContain('Corvo notebook stand article')
    } finally {
      await mock.stop()
      await installation.remove()
    }
  })
})

function one(user: string, ids: readonly string[], id: string): Record<string, unknown> {
  const { products } = JSON.parse(goodAnswer(ids, user)) as { products: Record<string, unknown>[] }
  return products.find((product) => product['id'] === id)!
}

/** The most memory a process held so far, in MiB; 0 when it is gone. */
function peakMemoryMib(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
