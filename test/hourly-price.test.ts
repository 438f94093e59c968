import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { divideHalfUp } from '../src/base/money.ts'
import { chat } from '../src/calls/chat.ts'
import type { Candidate } from '../src/calls/call.ts'
import { worstCaseOfCall } from '../src/calls/price.ts'
import { type CallBench, startCallBench } from './support/call-bench.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { type MockOllama, startMockOllama } from './support/mock-ollama.ts'
import { answerJson } from './support/raw-server.ts'

// A machine at 0.45 an hour: 125,000 nano for each second of its time.
const HOURLY = { currency: 'EUR', models: {}, hourly: '0.45' }
const costOf = (machineMs: number): bigint => divideHalfUp(BigInt(machineMs) * 450_000_000n, 3_600_000n)

describeOnEachDatabase('a machine that is paid by the hour', (open) => {
  let ollama: MockOllama
  let bench: CallBench
  let says: { tookMs?: number; prompt?: number | null; status?: number } = {}
  const TAKES_MS = 200

  beforeAll(async () => {
    ollama = await startMockOllama({
      library: {},
      chat: (_, response) => {
        const { tookMs, prompt = 20, status = 200 } = says
        void sleep(TAKES_MS).then(
          () =>
          status !== 200
            ? answerJson(response, status, { error: 'the model stopped' })
            : answerJson(response, 200, {
                model: 'llama3.2:3b', message: { role: 'assistant', content: '{}' }, done: true, done_reason: 'stop', eval_count: 5,
                ...(prompt === null ? {} : { prompt_eval_count: prompt }),
                ...(tookMs === undefined ? {} : { total_duration: tookMs * 1_000_000 }),
              }), // prettier-ignore
        )
      },
    })
    bench = await startCallBench(await open(), [ollama.url])
    return async () => {
      await bench.close()
      await ollama.stop()
    }
  })

  const ask = (candidate: Candidate, signal = new AbortController().signal) =>
    chat<string>(bench.services, {
      workspaceId: bench.workspaceId,
      actor: 'test',
      origin: 'run:1',
      context: 'enrichment',
      candidate,
      budgetIds: [],
      currency: 'EUR',
      system: 's',
      user: 'u',
      schema: {},
      schemaName: 'answer',
      maxOutputTokens: 10,
      inputTokensAtMost: 100,
      outputTokensAtMost: 10,
      signal,
      settleWith: ({ kind }) => ({ value: kind, writes: [] }),
    })
  const candidate = (prices: object = HOURLY) =>
    bench.candidate({ provider: 'ollama', baseUrl: ollama.url, model: 'llama3.2:3b', prices: prices as never })

  it('a call costs the time that the server says it took', async () => {
    says = { tookMs: 150 }
    await ask(await candidate())
    expect(await bench.entries()).toMatchObject([
      {
        usage: { input_tokens: 20, output_tokens: 5, machine_ms: 150 },
        costNano: costOf(150), // 18,750
        currency: 'EUR',
        costSource: 'rate_card',
        priceRows: ['rate card hourly machine_ms=0.45 EUR'],
      },
    ])
  })

  it('where the server does not say, the time from sending to the end', async () => {
    says = {}
    await ask(await candidate())
    const [entry] = await bench.entries()
    const machineMs = entry!.usage!.machine_ms!
    expect(machineMs).toBeGreaterThanOrEqual(TAKES_MS - 5)
    expect(entry!.costNano).toBe(costOf(machineMs))
  })

  it('four calls at once share the machine: together they cost the time it was at work, not four times that', async () => {
    says = {}
    const one = await candidate()
    const before = performance.now()
    await Promise.all([ask(one), ask(one), ask(one), ask(one)])
    const wallMs = performance.now() - before
    const entries = await bench.entries()
    const total = entries.reduce((sum, { usage }) => sum + usage!.machine_ms!, 0)
    expect(entries).toHaveLength(4)
    expect(total).toBeLessThanOrEqual(wallMs + 4) // each is rounded
    expect(total).toBeGreaterThanOrEqual(TAKES_MS - 5)
    for (const { usage, costNano } of entries) expect(costNano).toBe(costOf(usage!.machine_ms!))
  })

  it('its time is known although its tokens are not: the cost is known, the usage stays unknown', async () => {
    says = { tookMs: 100, prompt: null }
    await ask(await candidate())
    expect(await bench.entries()).toMatchObject([{ usage: null, costNano: costOf(100) }])
  })

  it('a call that failed after it was taken on is charged its time; tokens with a price of their own leave the cost unknown', async () => {
    const stop = new AbortController()
    says = { tookMs: 100, prompt: null }
    await ask(await candidate({ ...HOURLY, models: { '*': { input_tokens: '1', output_tokens: '1' } } }))
    expect(await bench.entries()).toMatchObject([{ usage: null, costNano: null }])
    says = {}
    setTimeout(() => stop.abort(), 100)
    await ask(await candidate(), stop.signal)
    const [cut] = await bench.entries()
    expect(cut).toMatchObject({ outcome: 'cancelled', usage: null, costSource: 'rate_card' })
    expect(cut!.costNano).toBeGreaterThan(costOf(50))
  })

  it('reserves ten minutes of the machine before it sends: no call lasts longer', async () => {
    const one = await candidate()
    const most = worstCaseOfCall({ candidate: one, currency: 'EUR', at: new Date(), inputTokensAtMost: 100, outputTokensAtMost: 10 })
    expect(most).toBe(costOf(600_000)) // 75,000,000
  })
})
