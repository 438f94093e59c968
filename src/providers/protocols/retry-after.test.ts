import { describe, expect, it } from 'vitest'
import { exhaustedFor } from './retry-after.ts'

describe('a limit that a good answer used up', () => {
  const now = Date.parse('2026-11-20T06:00:00Z')

  it('says how long it stays closed', () => {
    expect(exhaustedFor({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m30s' }, now)).toBe(90_000)
    expect(
      exhaustedFor({ 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '2026-11-20T06:00:12Z' }, now),
    ).toBe(12_000)
  })

  it('is none while something remains, whatever the reset says', () => {
    expect(exhaustedFor({ 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '1m30s' }, now)).toBeUndefined()
    expect(exhaustedFor({ 'x-ratelimit-reset-requests': '1m30s' }, now)).toBeUndefined()
    expect(exhaustedFor({}, now)).toBeUndefined()
  })
})
