import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { type HeldProvider, startHeldProvider } from './support/held-provider.ts'
import { atAddress, type EnrichReport, type Installation, makeInstallation } from './support/installation.ts'
import { describeOnTerminal, runOnTerminal } from './support/pseudo-terminal.ts'
import { newSecret } from './support/sweep.ts'

const FIELDS = ['--fields', 'title,description,attributes']

describe('latchkey enrich and the person at the terminal', () => {
  let installation: Installation
  let provider: HeldProvider
  beforeAll(async () => {
    installation = await makeInstallation()
    provider = await startHeldProvider()
  })
  afterAll(async () => {
    await provider?.stop()
    await installation?.remove()
  })
  const command = (name: string, products: number, ...more: string[]): string[] => [
    'enrich',
    writeCatalogue(installation.home.file(`${name}.csv`), madeProducts(products)),
    '--out',
    installation.home.file(`${name}.out.csv`),
    '--provider',
    'openai',
    '--model',
    'gpt-4.1-mini',
    '--concurrency',
    '3',
    ...FIELDS,
    ...atAddress(provider.url),
    ...more,
  ]
  const report = (stdout: string): EnrichReport => JSON.parse(stdout) as EnrichReport

  it('without --yes and without a terminal says what is missing, and nothing is sent or written', async () => {
    const result = await installation.run(command('nobody', 3))
    expect(result.code).toBe(2)
    expect(result.stderr).toContain('--yes')
    expect(provider.requests).toEqual([])
    expect(existsSync(installation.home.file('nobody.out.csv'))).toBe(false)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s once: calls under way end and are settled, the others wait, and the same command continues',
    async (signal) => {
      provider.open(false)
      const before = provider.requests.length
      const args = command(signal, 9, '--yes', '--json')
      const first = installation.start(args)
      await provider.reached(before + 3)
      first.child.kill(signal)
      await new Promise((resolve) => setTimeout(resolve, 300)) // the signal comes first; nothing hangs on how long
      provider.open(true)
      const interrupted = await first.result
      expect(interrupted.code).toBe(130)
      expect(report(interrupted.stdout)).toMatchObject({ interrupted: true, succeeded: 3, waiting: 6, failed: 0, calls: 3, written: null })
      expect(provider.requests.length - before).toBe(3)
      expect(existsSync(args[3]!)).toBe(false)

      const second = await installation.run(args)
      expect(second.code).toBe(0)
      expect(report(second.stdout)).toMatchObject({
        resumed: true,
        succeeded: 9,
        waiting: 0,
        calls: 9,
        costUnknownCalls: 0,
        cost: { amount: '0.00468' },
      })
      expect(provider.requests.length - before).toBe(9)
    },
  )

  it('SIGINT twice cuts the calls under way: their cost is unknown, and their products are made by the next start', async () => {
    provider.open(false)
    const before = provider.requests.length
    const args = command('twice', 7, '--yes', '--json')
    const first = installation.start(args)
    await provider.reached(before + 3)
    first.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300)) // two signals in one instant would be one
    first.child.kill('SIGINT')
    const cut = await first.result
    expect(cut.code).toBe(130)
    expect(report(cut.stdout)).toMatchObject({ interrupted: true, succeeded: 0, waiting: 7, failed: 0, calls: 3, costUnknownCalls: 3 })
    provider.open(true)
    const second = await installation.run(args)
    expect(second.code).toBe(0)
    expect(report(second.stdout)).toMatchObject({
      resumed: true,
      succeeded: 7,
      calls: 10,
      costUnknownCalls: 3,
      cost: { amount: '0.00364' },
    })
    expect(
      await installation.rows(sql`select outcome, count(*)::integer as count from ledger_entries where outcome <> 'succeeded' group by 1`),
    ).toEqual([{ outcome: 'cancelled', count: 3 }])
  })

  it('a second process on the data folder says who holds it, and where that one answers', async () => {
    provider.open(false)
    const before = provider.requests.length
    const first = installation.start(command('holder', 1, '--yes', '--json'))
    await provider.reached(before + 1)
    const second = await installation.run(command('second', 1, '--yes', '--json'))
    expect(second.code).toBe(1)
    const { error } = JSON.parse(second.stdout) as { error: { code: string; detail: string } }
    expect(error.code).toBe('data.locked')
    expect(error.detail).toContain(`process ${first.child.pid}`)
    expect(error.detail).toContain('latchkey enrich')
    const address = /reached at (\S+latchkey\.sock)/.exec(error.detail)![1]!
    const answered = await new Promise<string>((resolve, reject) => {
      let text = ''
      connect(address)
        .on('data', (part: Buffer) => (text += part.toString()))
        .on('end', () => resolve(text))
        .on('error', reject)
    })
    expect(JSON.parse(answered)).toMatchObject({ pid: first.child.pid, address })
    provider.open(true)
    expect((await first.result).code).toBe(0)
    expect(provider.requests.length - before).toBe(1)
  })

  describeOnTerminal('on a pseudo terminal', () => {
    const onTerminal = (args: readonly string[], answer: string) => runOnTerminal(args, answer, installation.home)

    it('the question is asked after the quote; no is no, and costs nothing', async () => {
      provider.open(true)
      const before = provider.requests.length
      const { code, screen } = await onTerminal(command('asked', 4), 'n\n')
      expect(screen).toMatch(/4 products in 4 calls to gpt-4\.1-mini \(openai\) will cost \$[\d.]+ to \$[\d.]+/)
      expect(screen.indexOf('[y/N]')).toBeGreaterThan(screen.indexOf('will cost'))
      expect(screen).toContain('Nothing was run')
      expect(code).toBe(0)
      expect(provider.requests).toHaveLength(before)
      expect(existsSync(installation.home.file('asked.out.csv'))).toBe(false)
    })

    it('yes runs it, with a bar that moves and a receipt', async () => {
      const before = provider.requests.length
      const { code, screen } = await onTerminal(command('asked', 4), 'y\n')
      expect(code).toBe(0)
      expect(screen).toMatch(/[█░]{10}/)
      expect(screen).toMatch(/4\/4 products/)
      expect(screen).toContain('Receipt')
      expect(screen).toMatch(/cost +\$0\.00208/) // 4 x 0.00052
      expect(screen).toMatch(/4\/4 products .* \$0\.00208/) // the bar's last word too
      expect(provider.requests).toHaveLength(before + 4)
      expect(readFileSync(installation.home.file('asked.out.csv'), 'utf8')).toContain('offers this article')
    })
  })

  it('prints one object with --json, and nothing else on standard output', async () => {
    const { stdout, code } = await installation.run(command('asked', 4, '--yes', '--json'))
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    const decimal = expect.stringMatching(/^\d+(\.\d{1,9})?$/) as string
    expect(report(stdout)).toMatchObject({
      products: 4,
      succeeded: 4,
      flagged: 0,
      failed: 0,
      failures: [],
      calls: 0,
      usage: {},
      quoted: { currency: 'USD', low: decimal, high: decimal },
      cost: { currency: 'USD', amount: '0' },
      costUnknownCalls: 0,
      resumed: false,
      seconds: expect.any(Number) as number,
    })
    expect(code).toBe(0)
  })

  it('a database that is down, or an address that is none, is a clear error without the password', async () => {
    const password = newSecret({ prefix: 'pass-' })
    for (const [url, exit, code] of [
      [`postgresql://ada:${password}@127.0.0.1:9/latchkey`, 1, 'database.unavailable'],
      [`postgresql://ada:${password}@no-such-host.invalid:5432/latchkey`, 1, 'database.unavailable'],
      [`mysql://ada:${password}@127.0.0.1:9/latchkey`, 2, 'config.invalid'],
      [`postgresql://ada:${password}@bad host/x`, 2, 'config.invalid'],
    ] as const) {
      const result = await installation.run(command('down', 1, '--yes', '--json'), { DATABASE_URL: url })
      expect(JSON.parse(result.stdout)).toMatchObject({ error: { code } })
      expect(result.code).toBe(exit)
    }
    await expect(installation.expectNoSecret([password])).resolves.toBeUndefined()
  })
})
