import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliResult } from './support/cli.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { goodAnswer } from './support/mock-provider.ts'
import { answerJson, chatCompletion, type RawServer, startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

const FIELDS = ['--fields', 'title,description,attributes']
const good = (body: string): object =>
  chatCompletion(goodAnswer([], (JSON.parse(body) as { messages: { content: string }[] }).messages.at(-1)!.content))

type KeyAnswer = 'good' | { readonly status: number; readonly error: Record<string, unknown> }

/** A provider that knows some keys, and says of others what a real one does. */
function keyKeeper(answers: ReadonlyMap<string, KeyAnswer>): Promise<RawServer> {
  return startRawServer(({ headers, body }, response) => {
    const key = headers.authorization?.replace('Bearer ', '') ?? ''
    const known = answers.get(key)
    if (known === 'good') answerJson(response, 200, good(body))
    else if (known) answerJson(response, known.status, { error: known.error })
    else
      answerJson(response, 401, {
        error: { message: `Incorrect API key provided: ${key}. Find yours at ...`, code: 'invalid_api_key' },
        headers,
      })
  })
}

describe('a key that is refused pauses the run', () => {
  const keys = { wrong: newSecret({ odd: true }), poor: newSecret(), empty: newSecret(), narrow: newSecret(), right: newSecret() }
  let installation: Installation
  let provider: RawServer
  let args: string[]
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'postgres' })
    provider = await keyKeeper(
      new Map<string, KeyAnswer>([
        [keys.poor, { status: 402, error: { message: `Insufficient credits for ${keys.poor}` } }],
        [
          keys.empty,
          { status: 429, error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
        ],
        [keys.narrow, { status: 403, error: { message: 'Project does not have access to this model' } }],
        [keys.right, 'good'],
      ]),
    )
    const file = writeCatalogue(installation.home.file('products.csv'), madeProducts(12))
    args = [
      file,
      '--out',
      installation.home.file('out.csv'),
      '--provider',
      'openai',
      '--model',
      'gpt-4.1-mini',
      ...FIELDS,
      ...atAddress(provider.url),
    ]
  })
  afterAll(async () => {
    await provider?.stop()
    await installation?.remove()
  })

  it.each([
    ['wrong', 'provider.bad_key', /key/],
    ['poor', 'provider.no_credit', /credit|Top it up/],
    ['empty', 'provider.no_credit', /credit|Top it up/],
    ['narrow', 'provider.no_permission', /lacks a scope/],
  ] as const)('%s key: the run pauses as %s, items wait, and the command ends with 5', async (name, code, remedy) => {
    const before = provider.requests.length
    const result = await installation.run(['enrich', ...args, '--key-env', 'MY_KEY', '--yes', '--concurrency', '3'], {
      MY_KEY: keys[name],
    })
    expect(result.stderr + result.stdout).toContain('12 waiting')
    expect(result.stdout).toMatch(remedy)
    expect(result.stdout).toContain(`docs/errors/${code}.md`)
    expect(result.code).toBe(5)
    expect(provider.requests.length - before).toBeLessThanOrEqual(3) // those in flight together, and no more
    const [run] = await installation.rows(sql`select state, pause->>'code' as pause from runs`)
    expect(run).toEqual({ state: 'paused', pause: code })
  })

  it('after the key is replaced with --key-env, the same command continues where it was', async () => {
    const { report, code } = await installation.enrich([...args, '--key-env', 'MY_KEY'], { MY_KEY: keys.right })
    expect(report).toMatchObject({ products: 12, succeeded: 12, failed: 0, waiting: 0, resumed: true, costUnknownCalls: 0 })
    expect(report.cost.amount).toBe('0.00624') // 12 x (500 x 0.40 + 200 x 1.60) / 1,000,000: what was refused is free
    expect(code).toBe(0)
    expect(await installation.rows(sql`select count(*)::integer as runs from runs`)).toEqual([{ runs: 1 }])
    expect(
      await installation.rows(
        sql`select action, count(*)::integer as count from audit_entries where action like 'key.%' group by 1 order by 1`,
      ),
    ).toEqual([
      { action: 'key.replaced', count: 4 },
      { action: 'key.set', count: 1 },
    ])
  })

  it('and needs no key the next time: it is sealed', async () => {
    const { report, code } = await installation.enrich([...args, '--locale', 'fr', '--limit', '2'])
    expect([report.calls, report.succeeded, code]).toEqual([2, 2, 0])
    expect(provider.requests.at(-1)!.headers.authorization).toBe(`Bearer ${keys.right}`)
  })

  it('leaves no key in any file, row or output (KEY-1, KEY-11)', async () => {
    await expect(installation.expectNoSecret(Object.values(keys))).resolves.toBeUndefined()
  })
})

describe('keys and where they come from', () => {
  const key = newSecret()
  const strays = Object.fromEntries(
    ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'MISTRAL_API_KEY', 'OPENROUTER_API_KEY', 'OPENAI_ORG_ID'].map(
      (name) => [name, newSecret()],
    ),
  )
  const secrets = [key, ...Object.values(strays)]
  let installation: Installation
  let provider: RawServer
  let file: string
  let out: string
  beforeAll(async () => {
    installation = await makeInstallation()
    provider = await startRawServer(({ body }, response) => answerJson(response, 200, good(body)))
    file = writeCatalogue(installation.home.file('products.csv'), madeProducts(2))
    out = installation.home.file('out.csv')
  })
  afterAll(async () => {
    await provider?.stop()
    await installation?.remove()
  })

  it('no key, address or proxy comes from the environment (KEY-15)', async () => {
    const touched: Socket[] = []
    const trap = createTcpServer((socket) => void touched.push(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(trap.address() as { port: number }).port}`
    const environment = {
      ...strays,
      ...Object.fromEntries(
        ['OPENAI_BASE_URL', 'ANTHROPIC_BASE_URL', 'HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy', 'ALL_PROXY'].map((name) => [
          name,
          address,
        ]),
      ),
      NODE_USE_ENV_PROXY: '1',
    }
    const here = ['enrich', file, '--out', out, ...FIELDS, '--yes', '--json']
    for (const [id, model] of [
      ['openai', 'gpt-4.1-mini'],
      ['anthropic', 'claude-haiku-4-5'],
    ] as const) {
      const refused = await installation.run([...here, '--provider', id, '--model', model], environment)
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'key.missing' } })
      expect(refused.code).toBe(5)
    }
    const { report } = await installation.enrich(
      [...here.slice(1, -2), '--provider', 'openai', '--model', 'gpt-4.1-mini', '--key-env', 'MY_KEY', ...atAddress(provider.url)],
      { ...environment, MY_KEY: key },
    )
    expect(report.succeeded).toBe(2)
    for (const { headers } of provider.requests) {
      expect(headers.authorization).toBe(`Bearer ${key}`)
      expect(Object.keys(headers)).not.toContain('openai-organization')
    }
    for (const socket of touched) socket.destroy()
    trap.close()
    expect(touched).toHaveLength(0)
  })

  it.each([
    ['the key itself', (): string => key, 2, 'command.invalid'],
    ['a name that is not set', (): string => 'NOT_SET', 5, 'key.missing'],
    ['a variable that is empty', (): string => 'EMPTY', 5, 'key.missing'],
    ['a variable with a line break inside', (): string => 'BROKEN', 5, 'key.invalid'],
  ] as const)('--key-env with %s is refused and repeats nothing', async (_, variable, exit, code) => {
    const result = await installation.run(
      [
        'enrich',
        file,
        '--out',
        out,
        ...FIELDS,
        '--provider',
        'openai',
        '--model',
        'gpt-4.1-mini',
        '--key-env',
        variable(),
        ...atAddress(provider.url),
        '--yes',
        '--json',
      ],
      { EMPTY: ' ', BROKEN: `${key}\r\nx-evil: 1` },
    )
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code } })
    expect(result.code).toBe(exit)
    expect(result.stdout + result.stderr).not.toContain(key.slice(0, 14))
  })

  it('the master key is outside the data folder, mode 0400, and neither folder can be read by others', () => {
    const { LATCHKEY_DATA: data, LATCHKEY_MASTER_KEY_FILE: masterKey } = installation.home.environment
    expect(statSync(data!).mode & 0o777).toBe(0o700)
    expect(statSync(masterKey!).mode & 0o777).toBe(0o400)
    expect(masterKey!.startsWith(`${data!}/`)).toBe(false)
  })

  const enrichHere = (environment: Readonly<Record<string, string>>): Promise<CliResult> =>
    installation.run(
      [
        'enrich',
        file,
        '--out',
        out,
        '--fields',
        'title',
        '--provider',
        'openai',
        '--model',
        'gpt-4.1-mini',
        ...atAddress(provider.url),
        '--yes',
        '--json',
      ],
      environment,
    )

  it('a copy of the data folder without the master key opens nothing, makes no new one and calls nobody (KEY-16)', async () => {
    const copy = installation.home.file('copy')
    mkdirSync(copy, { mode: 0o700 })
    cpSync(installation.home.file('data'), copy, { recursive: true })
    const before = provider.requests.length
    const elsewhere = installation.home.file('elsewhere/master.key')
    const result = await enrichHere({ LATCHKEY_DATA: copy, LATCHKEY_MASTER_KEY_FILE: elsewhere })
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'masterkey.missing' } })
    expect(result.code).not.toBe(0)
    expect(readdirSync(installation.home.folder)).not.toContain('elsewhere')
    expect(provider.requests).toHaveLength(before)
  })

  it('another, an empty, a short, an all-zero and a world-readable master key: an error, no call, and every row as it was (KEY-16)', async () => {
    const other = createHash('sha256').update('another').digest('hex')
    const before = [await everyRow(), provider.requests.length]
    for (const [content, mode, code] of [
      [other, 0o400, 'masterkey.mismatch'],
      ['', 0o400, 'masterkey.invalid'],
      ['abcd', 0o400, 'masterkey.invalid'],
      ['00'.repeat(32), 0o400, 'masterkey.invalid'],
      [other, 0o644, 'masterkey.invalid'],
    ] as const) {
      const wrong = installation.home.file(`${code}-${content.length}-${mode}.key`)
      writeFileSync(wrong, content, { mode })
      const result = await enrichHere({ LATCHKEY_MASTER_KEY_FILE: wrong })
      expect(JSON.parse(result.stdout)).toMatchObject({ error: { code } })
      expect(result.code).toBe(1)
    }
    expect([await everyRow(), provider.requests.length]).toEqual(before)
  })
  const everyRow = (): Promise<Record<string, unknown>[]> =>
    installation.rows(sql`
    select (select jsonb_agg(to_jsonb(c) order by c.id) from connections c) as connections, (select jsonb_agg(to_jsonb(k) order by k.id) from keyring.data_keys k) as keys,
      (select jsonb_agg(to_jsonb(m) order by m.id) from master_keys m) as masters, (select jsonb_agg(to_jsonb(a) order by a.id) from audit_entries a) as audit,
      (select count(*) from products)::integer as products, (select count(*) from ledger_entries)::integer as entries, (select count(*) from runs)::integer as runs`)

  it('a sealed key moved to another address by hand does not open, and goes nowhere (KEY-6)', async () => {
    const other = await startRawServer(({ body }, response) => answerJson(response, 200, good(body)))
    await installation.rows(
      sql`update connections set destination = ${JSON.stringify({ baseUrl: `${other.url}/v1` })}::jsonb where sealed_key is not null returning id`,
    )
    const result = await installation.run([
      'enrich',
      file,
      '--out',
      out,
      '--fields',
      'title',
      '--provider',
      'openai',
      '--model',
      'gpt-4.1-mini',
      ...atAddress(other.url),
      '--yes',
      '--json',
    ])
    await other.stop()
    expect(other.requests).toEqual([])
    expect(JSON.parse(result.stdout)).toMatchObject({ succeeded: 0, waiting: 2, paused: { code: 'key.unreadable' } })
    expect(result.code).toBe(5)
  })

  it('leaves no key in any file, row or output (KEY-1)', async () => {
    await expect(installation.expectNoSecret(secrets)).resolves.toBeUndefined()
    expect(readFileSync(join(installation.home.file('data'), 'pgdata', 'PG_VERSION'), 'utf8')).toMatch(/^\d+/) // the database was there
  })
})
