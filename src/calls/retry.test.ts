import { expect, it } from 'vitest'
import type { ErrorCode } from '../base/errors.ts'
import { afterFailure, type Retry } from './retry.ts'

const MALFORMED = 'provider.answer_malformed'

/** What follows the last of these failures; `inOutage` of them ended while the connection worked for nobody. */
function after(codes: readonly ErrorCode[], inOutage = 0): Retry['kind'] {
  const failure = { code: codes.at(-1)!, detail: 'It failed.', retryable: true }
  return afterFailure({ failure, tries: { codes, inOutage, firstEndedAtMs: 0, cost: undefined }, givenUp: undefined, nowMs: 1_000 }).kind
}
const times = (count: number, code: ErrorCode): ErrorCode[] => Array.from({ length: count }, () => code)

it.each([
  ['a first failure', ['provider.failed'], 0, 'again'],
  ['a fifth', times(5, 'provider.failed'), 0, 'ended'],
  ['a fifth, four of them in an outage', times(5, 'provider.failed'), 4, 'again'],
  ['a twelfth, all in an outage', times(12, 'provider.failed'), 12, 'ended'],
  ['a provider that asks for less', times(30, 'provider.rate_limited'), 0, 'again'],
  ['a first answer that is not valid', [MALFORMED], 0, 'again'],
  ['the second', times(2, MALFORMED), 0, 'ended'],
  ['the second in an outage: each costs', times(2, MALFORMED), 2, 'ended'],
  ['the first after three failures', [...times(3, 'provider.failed'), MALFORMED], 0, 'again'],
  ['the second, with a failure between them', [MALFORMED, 'provider.failed', MALFORMED], 3, 'ended'],
] satisfies [string, ErrorCode[], number, Retry['kind']][])('after %s', (_name, codes, inOutage, kind) => {
  expect(after(codes, inOutage)).toBe(kind)
})
