import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, makeInstallation } from './support/installation.ts'
import { startMockProvider } from './support/mock-provider.ts'
import { answerJson } from './support/raw-server.ts'

const WINDOW_MS = 3_000
const REQUESTS = 12
const TOKENS = 100_000

/** A provider that allows so many requests in each window, says what remains, and turns away what is too much without Retry-After. */
async function startLimitedProvider() {
  const beganAt = performance.now()
  const refusedIn: number[] = []
  let window = -1
  let used = 0
  const mock = await startMockProvider({
    latencyMs: 50,
    onRequest: (_, response) => {
      const sinceMs = performance.now() - beganAt
      const now = Math.floor(sinceMs / WINDOW_MS)
      if (now !== window) used = 0
      window = now
      const isTooMuch = used >= REQUESTS
      if (!isTooMuch) used += 1
      const resetMs = Math.ceil((window + 1) * WINDOW_MS - sinceMs)
      for (const [kind, limit, left] of [
        ['requests', REQUESTS, REQUESTS - used],
        ['tokens', TOKENS, TOKENS - 700 * used],
      ] as const) {
        response.setHeader(`x-ratelimit-limit-${kind}`, String(limit))
        response.setHeader(`x-ratelimit-remaining-${kind}`, String(left))
        response.setHeader(`x-ratelimit-reset-${kind}`, `${resetMs}ms`)
      }
      if (!isTooMuch) return false
      refusedIn.push(window)
      answerJson(response, 429, { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } })
      return true
    },
  })
  return { mock, refusedIn, windows: () => window + 1 }
}

describe('a run at its provider’s limits', () => {
  it('learns them in the first window, and is turned away in none after it; what was learned is kept', async () => {
    const installation = await makeInstallation()
    const { mock, refusedIn, windows } = await startLimitedProvider()
    try {
      const file = writeCatalogue(installation.home.file('products.csv'), madeProducts(60))
      const args = [
        file,
        '--out',
        installation.home.file('out.csv'),
        '--provider',
        'openai',
        '--model',
        'gpt-4.1-mini',
        '--concurrency',
        '8',
      ]
      const { report, code, stderr } = await installation.enrich([...args, '--fields', 'title', ...atAddress(mock.url)])
      expect(report, stderr).toMatchObject({ products: 60, succeeded: 60, failed: 0 })
      expect(code).toBe(0)
      expect(windows()).toBeGreaterThan(3) // the limit was met
      const first = Math.min(...refusedIn, Infinity)
      expect(refusedIn.filter((window) => window > first)).toEqual([])
      const kept = await installation.rows(sql`select in_flight, limits from connection_pace`)
      expect(kept).toMatchObject([
        {
          in_flight: 0,
          limits: [
            { model: 'gpt-4.1-mini', kind: 'requests', limit: REQUESTS },
            { model: 'gpt-4.1-mini', kind: 'tokens', limit: TOKENS },
          ],
        },
      ])
    } finally {
      await mock.stop()
      await installation.remove()
    }
  })
})
