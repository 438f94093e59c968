import type { CallIntent } from '../../src/ledger/intent.ts'
import type { Settlement } from '../../src/ledger/settlement.ts'

/** A call that succeeded for 400 nano-dollars. */
export const settled = (intent: CallIntent, more: Partial<Settlement> = {}): Settlement => ({
  intent,
  intendedAt: new Date(),
  keyVersion: 0,
  outcome: 'succeeded',
  usage: { input_tokens: 100, output_tokens: 10 },
  usageSource: 'reported',
  cost: { nano: 400n, currency: 'USD', source: 'price_book', rowIds: ['row-1'] },
  endedAt: new Date(),
  ...more,
})
