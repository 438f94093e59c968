import { expect, it } from 'vitest'
import type { Settlement } from '../ledger/settlement.ts'
import type { Log } from '../runtime/log.ts'
import { logCall } from './log-call.ts'

const at = new Date(0)
const settlement = { intent: { id: 'x', requestedModel: 'm', attempt: 1 }, outcome: 'failed', intendedAt: at, endedAt: at } as Settlement

/** What the log says of a refusal in these words, of a request like this. */
function logged(excerpt: string, sent: string): unknown {
  const lines: { excerpt?: string }[] = []
  const log = { info: (fields: object) => lines.push(fields) } as unknown as Log
  const failure = { code: 'provider.request_refused', detail: 'Refused.', retryable: false, excerpt } as const
  logCall({ log, request: { origin: 'o' }, settlement, failure, sent: () => sent })
  return lines[0]!.excerpt
}

it('quotes a provider that speaks for itself, and not one that repeats what it was sent', () => {
  expect(logged('The third picture is too large.', 'Describe this.')).toBe('The third picture is too large.')
  expect(logged('Not allowed: our secret recipe is', 'our secret\nrecipe is salt')).toBeUndefined()
})

it('quotes nothing of a request so long that to look through it would hold everybody up', () => {
  expect(logged('The third picture is too large.', 'x'.repeat(1024 * 1024))).toBeUndefined()
})
