import { expect, it } from 'vitest'
import type { Clock } from '../runtime/clock.ts'
import { createSignInLimits } from './sign-in-limits.ts'

const MINUTE_MS = 60_000

function clockAt(start: number): Clock & { pass: (ms: number) => void } {
  let at = start
  return { now: () => new Date(at), sleep: () => Promise.resolve(), pass: (ms) => (at += ms) }
}

it('closes after ten failures with one e-mail address, from wherever they come, for a quarter of an hour', () => {
  const clock = clockAt(Date.UTC(2026, 0, 1))
  const limits = createSignInLimits(clock)
  const attempt = (number: number): { who: string; address: string } => ({ who: 'ada@example.com', address: `192.0.2.${number}` })
  for (let number = 1; number <= 10; number += 1) limits.begin(attempt(number)) // ten at the same moment are ten
  expect(() => limits.begin(attempt(11))).toThrow('signin.too_many')
  limits.begin({ who: 'ben@example.com', address: '192.0.2.11' }) // nobody else is shut out
  clock.pass(15 * MINUTE_MS)
  limits.begin(attempt(11))
})

it('closes after fifty failures from one address, whoever they name', () => {
  const limits = createSignInLimits(clockAt(Date.UTC(2026, 0, 1)))
  for (let number = 1; number <= 50; number += 1) limits.begin({ who: `person-${number}@example.com`, address: '192.0.2.1' })
  expect(() => limits.begin({ who: 'new@example.com', address: '192.0.2.1' })).toThrow('signin.too_many')
  limits.begin({ who: 'new@example.com', address: '192.0.2.2' })
})

it('attempts that name nobody close their own address alone', () => {
  const limits = createSignInLimits(clockAt(Date.UTC(2026, 0, 1)))
  for (let number = 1; number <= 50; number += 1) limits.begin({ who: undefined, address: '192.0.2.1' })
  expect(() => limits.begin({ who: undefined, address: '192.0.2.1' })).toThrow('signin.too_many')
  limits.begin({ who: undefined, address: '192.0.2.2' })
})

it('counts no success, however many', () => {
  const limits = createSignInLimits(clockAt(Date.UTC(2026, 0, 1)))
  const ada = { who: 'ada@example.com', address: '192.0.2.1' }
  for (let number = 1; number <= 100; number += 1) limits.begin(ada)()
  for (let number = 1; number <= 10; number += 1) limits.begin(ada)
  expect(() => limits.begin(ada)).toThrow('signin.too_many')
})
