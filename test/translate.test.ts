import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { translate, type TranslateEnd, type TranslateRequest } from '../src/calls/translate.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { type DeeplMock, startDeeplMock } from './support/deepl-mock.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { describeShared } from './support/shared.ts'
import { newSecret } from './support/sweep.ts'

interface Entry {
  readonly outcome: string
  readonly error_code: string | null
  readonly usage: Record<string, number> | null
  readonly usage_source: string | null
  readonly cost_nano: string | null
  readonly served_model: string | null
}

describeShared('translation with DeepL', () => {
  let server: TestServer
  let owner: TestClient
  let mock: DeeplMock
  let workspaceId: string
  let connectionId: string
  beforeAll(async () => {
    mock = await startDeeplMock()
    server = await startTestServer({ on: 'pglite', environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    connectionId = (await add()).id
  })
  afterAll(async () => {
    await server?.close()
    await mock?.stop()
  })

  const add = (prefix = 'good-', destination: object = { baseUrl: mock.url }) =>
    owner.call(contract.addConnection, { body: { provider: 'deepl', destination, key: newSecret({ prefix }) } })
  let number = 0
  const ask = async (change: Partial<TranslateRequest>): Promise<{ end: TranslateEnd; entries: Entry[] }> => {
    const { services } = server.server
    const origin = `test-${(number += 1)}`
    const end = await translate(services, {
      workspaceId,
      actor: 'test',
      origin,
      context: 'translation',
      candidate: { connectionId, provider: 'deepl', model: 'translate', rateCard: null },
      budgetIds: [],
      currency: 'USD',
      signal: new AbortController().signal,
      texts: [],
      targetLanguage: 'de',
      ...change,
    })
    const entries = await services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<Entry>(
        tx,
        sql`select outcome, error_code, usage, usage_source, cost_nano::text, served_model from ledger_entries
            where origin = ${origin} order by intended_at, id`,
      ),
    )
    return { end, entries }
  }

  it('is billed by DeepL’s own count, without the tags, at the published price', async () => {
    const { end, entries } = await ask({
      texts: ['<b>Lamp</b> 💡', 'Chair'],
      markup: 'html',
      targetLanguage: 'pt-BR',
      about: 'A catalogue',
    })
    expect(end.translations.map(({ text }) => text)).toEqual(['PT-BR:<b>Lamp</b> 💡', 'PT-BR:Chair'])
    expect(end.translations[0]!.detectedLanguage).toBe('EN')
    // "Lamp 💡" is 6 code points, "Chair" 5; 25 dollars a million: 25,000 nano-dollars each
    expect(entries).toEqual([
      {
        outcome: 'succeeded',
        error_code: null,
        usage: { characters: 11 },
        usage_source: 'reported',
        cost_nano: '275000',
        served_model: null,
      },
    ])
    expect(end.cost).toMatchObject({ nano: 275_000n, currency: 'USD' })
    const sent = mock.requests.at(-1)!
    expect(sent.headers.authorization).toMatch(/^DeepL-Auth-Key good-/)
    expect(JSON.parse(sent.body)).toMatchObject({ context: 'A catalogue', tag_handling: 'html', show_billed_characters: true })
  })

  it('asks for the kind of model that its name says, and prices the one that answered', async () => {
    const candidate = { connectionId, provider: 'deepl', model: 'prefer_quality_optimized', rateCard: null }
    const { entries } = await ask({ texts: ['Lamp'], candidate })
    expect(entries).toMatchObject([{ served_model: 'quality_optimized', cost_nano: '100000' }])
  })

  it('costs nothing at the address of API Free, and an unknown amount where a contract decides', async () => {
    const at = (region: string) =>
      ask({ texts: ['Lamp'], candidate: { connectionId, provider: 'deepl', model: 'translate', rateCard: null, region } })
    expect((await at('free')).entries).toMatchObject([{ usage: { characters: 4 }, cost_nano: '0' }])
    expect((await at('jp')).entries).toMatchObject([{ usage: { characters: 4 }, cost_nano: null }])
  })

  it('goes out in requests of at most 50 texts, each a call of its own, and comes back in order', async () => {
    const texts = Array.from({ length: 101 }, (_, at) => `text ${at}`)
    const before = mock.requests.length
    const { end, entries } = await ask({ texts })
    expect(end.translations.map(({ text }) => text)).toEqual(texts.map((text) => `DE:${text}`))
    expect(mock.requests.slice(before).map(({ body }) => (JSON.parse(body) as { text: string[] }).text.length)).toEqual([50, 50, 1])
    expect(entries.map(({ usage }) => usage!['characters'])).toEqual(
      [texts.slice(0, 50), texts.slice(50, 100), texts.slice(100)].map((part) => part.join('').length),
    )
  })

  it('and of at most 128 KiB, counted as sent', async () => {
    const texts = ['é'.repeat(60_000), '"'.repeat(60_000), 'a'] // 120,002 bytes each: UTF-8, and escaped
    const before = mock.requests.length
    const { end } = await ask({ texts })
    expect(end.stopped).toBeUndefined()
    expect(mock.requests.slice(before).every(({ body }) => Buffer.byteLength(body) <= 131_072)).toBe(true)
    expect(mock.requests.length - before).toBe(2)
    await expect(ask({ texts: ['a'.repeat(131_072)] })).rejects.toThrow('request.too_large')
  })

  it('waits out a limit, and pays for nothing that was turned away', async () => {
    mock.fail(429)
    const { end, entries } = await ask({ texts: ['Lamp'] })
    expect(end.translations).toHaveLength(1)
    expect(entries.map(({ outcome, error_code, cost_nano }) => [outcome, error_code, cost_nano])).toEqual([
      ['failed', 'provider.rate_limited', '0'],
      ['succeeded', null, '100000'],
    ])
  })

  it('a quota that is used up ends it, with what was translated before', async () => {
    const texts = Array.from({ length: 60 }, (_, at) => `text ${at}`)
    const { services } = server.server
    const { end } = await ask({
      texts,
      writesOf: ({ from, translations }) => {
        expect([from, translations.length]).toEqual([0, 50])
        mock.fail(456)
        return []
      },
    })
    expect(end.translations).toHaveLength(50)
    expect(end.stopped).toMatchObject({ kind: 'refused', failure: { code: 'provider.no_credit' } })
    expect(end.cost?.nano).toBe(BigInt(texts.slice(0, 50).join('').length) * 25_000n)
    await services.ledger.idle()
  })

  it('needs the source language with a glossary, and says so before anything is sent', async () => {
    const before = mock.requests.length
    await expect(ask({ texts: ['Lamp'], glossaryId: 'g' })).rejects.toThrow('request.invalid')
    expect(mock.requests).toHaveLength(before)
    const { end } = await ask({ texts: ['Lamp'], glossaryId: 'g', sourceLanguage: 'en-GB' })
    expect(end.translations).toEqual([{ text: 'DE:Lamp', detectedLanguage: 'EN' }])
  })

  it('lists its languages, and those that can be formal', async () => {
    const { items } = await owner.call(contract.listConnectionLanguages, { params: { connectionId } })
    expect(items).toEqual([
      { code: 'en', name: 'English', source: true, target: false, formality: false },
      { code: 'en-US', name: 'English (American)', source: false, target: true, formality: false },
      { code: 'de', name: 'German', source: true, target: true, formality: true },
    ])
    const { id } = await owner.call(contract.addConnection, { body: { provider: 'practice' } })
    expect(await owner.refused(contract.listConnectionLanguages, { params: { connectionId: id } })).toMatchObject({
      code: 'provider.does_not_serve',
    })
  })

  it.each([
    ['ok', 'good-'],
    ['no_credit', 'good-empty-'],
    ['bad_key', 'wrong-'],
  ])('the test of a key: %s for %s', async (result, prefix) => {
    const body = { provider: 'deepl', destination: { baseUrl: mock.url }, key: newSecret({ prefix }) }
    expect(await owner.call(contract.checkOfferedKey, { body })).toMatchObject({ result })
  })

  it('a key of API Free at the address of Pro, and the other way round, is refused before anything is sent', async () => {
    const free = `${newSecret({ prefix: 'good-' })}:fx`
    const pro = newSecret({ prefix: 'good-' })
    for (const [key, baseUrl] of [
      [free, 'https://api.deepl.com'],
      [` ${free}\n`, 'https://api-us.deepl.com'],
      [pro, 'https://api-free.deepl.com'],
    ] as const) {
      for (const route of [contract.addConnection, contract.checkOfferedKey] as const) {
        const problem = await owner.refused(route, { body: { provider: 'deepl', destination: { baseUrl }, key } })
        expect(problem).toMatchObject({ status: 422, code: 'key.invalid' })
        expect(problem.detail).toContain('deepl.com')
        expect(problem.detail).not.toContain(key.trim().slice(0, 12))
      }
    }
    const { destination } = await owner.call(contract.addConnection, {
      body: { provider: 'deepl', destination: { baseUrl: 'https://api-free.deepl.com' }, key: free },
    })
    expect(destination.host).toBe('api-free.deepl.com')
  })

  it('counts for itself where DeepL does not, and says so', async () => {
    mock.countsNothing()
    const { entries } = await ask({ texts: ['Lamp 💡', 'é'] })
    expect(entries).toMatchObject([{ usage: { characters: 7 }, usage_source: 'counted', cost_nano: '175000' }])
  })
})
