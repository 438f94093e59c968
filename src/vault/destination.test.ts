import { isDeepStrictEqual } from 'node:util'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { Destination } from '../providers/provider.ts'
import { canonicalDestination, normaliseDestination } from './destination.ts'
import { arbitraryDestination } from '../../test/support/vault/arbitraries.ts'

const at = (baseUrl: string): string => canonicalDestination({ baseUrl })

describe('destinations', () => {
  it('writes the same destination as the same text', () => {
    expect(at('HTTPS://API.Example.com:443/v1/')).toBe('{"baseUrl":"https://api.example.com/v1"}')
    expect(at('https://api.example.com/x/../v1')).toBe('{"baseUrl":"https://api.example.com/v1"}')
    expect(at('https://api.example.com')).toBe(at('https://api.example.com/'))
    expect(canonicalDestination({ headers: { 'X-B': '2', 'x-a': '1' }, project: 'p', baseUrl: 'https://h', organization: 'o' })).toBe(
      '{"baseUrl":"https://h","headers":{"x-a":"1","x-b":"2"},"organization":"o","project":"p"}',
    )
  })

  it('leaves out what is absent, and keeps what is empty', () => {
    expect(canonicalDestination({ baseUrl: 'https://h', region: undefined, headers: {} } as unknown as Destination)).toBe(at('https://h'))
    expect(canonicalDestination({ baseUrl: 'https://h', organization: '' })).toBe('{"baseUrl":"https://h","organization":""}')
  })

  it('sorts header names that look like numbers as texts', () => {
    expect(canonicalDestination({ baseUrl: 'https://h', headers: { '9': 'a', '10': 'b' } })).toBe(
      '{"baseUrl":"https://h","headers":{"10":"b","9":"a"}}',
    )
  })

  it('keeps the practice destination as it is', () => {
    expect(at('practice:')).toBe('{"baseUrl":"practice:"}')
  })

  it.each([
    ['another path', { baseUrl: 'https://h/v1/acct-B/openai' }],
    ['another query', { baseUrl: 'https://h/v1/acct-A/openai?api-version=2' }],
    ['another scheme', { baseUrl: 'http://h/v1/acct-A/openai' }],
    ['another port', { baseUrl: 'https://h:444/v1/acct-A/openai' }],
    ['an organization', { organization: 'o' }],
    ['a project', { project: 'o' }],
    ['a region', { region: 'eu' }],
    ['an API version', { apiVersion: '1' }],
    ['a deployment', { deployment: 'd' }],
    ['a header', { headers: { 'x-a': '1' } }],
    ['a field of a later version', { proxy: 'https://p' }],
  ])('tells %s apart', (_, change) => {
    const destination = { baseUrl: 'https://h/v1/acct-A/openai' }
    expect(canonicalDestination({ ...destination, ...change })).not.toBe(canonicalDestination(destination))
  })

  it.each([
    'https://user:sekret@h/v1',
    'https://sekret@h/v1',
    'https://h/v1#sekret',
    'https://h/v1#',
    'https://h/v1//',
    'https://h//',
    'ftp://h/sekret',
    'file:///sekret',
    'practice:sekret',
    'data:,sekret',
    'sekret',
    '',
  ])('refuses %j without repeating it', (baseUrl) => {
    expect(() => normaliseDestination({ baseUrl })).toThrow(/^destination\.refused: (?!.*sekret)/s)
  })

  it.each([
    ['a number', { region: 7 }],
    ['null', { organization: null }],
    ['a map where a text belongs', { project: { a: 'b' } }],
    ['headers as a text', { headers: 'x-a: 1' }],
    ['headers as a list', { headers: ['x-a'] }],
    ['a header that is no text', { headers: { 'x-a': 1 } }],
    ['a header given twice', { headers: { 'X-A': '1', 'x-a': '2' } }],
    ['no base URL', { baseUrl: undefined }],
  ])('refuses %s', (_, change) => {
    expect(() => normaliseDestination({ baseUrl: 'https://h', ...change } as unknown as Destination)).toThrow('destination.refused')
  })

  test.prop([arbitraryDestination])('normalising twice changes nothing', (destination) => {
    const once = normaliseDestination(destination)
    expect(normaliseDestination(once)).toEqual(once)
    expect(JSON.parse(canonicalDestination(destination))).toEqual(once)
  })

  test.prop([arbitraryDestination, arbitraryDestination])('equal texts mean equal destinations', (a, b) => {
    const same = canonicalDestination(a) === canonicalDestination(b)
    expect(same).toBe(isDeepStrictEqual(normaliseDestination(a), normaliseDestination(b)))
  })

  test.prop([arbitraryDestination, fc.infiniteStream(fc.nat())])('the order of fields does not matter', (destination, order) => {
    const shuffled = Object.entries(destination)
      .map((entry) => ({ entry, rank: order.next().value as number }))
      .toSorted((a, b) => a.rank - b.rank)
    expect(canonicalDestination(Object.fromEntries(shuffled.map(({ entry }) => entry)) as unknown as Destination)).toBe(
      canonicalDestination(destination),
    )
  })

  test.prop([fc.webUrl({ withFragments: false, withQueryParameters: true })])(
    'any web address is normalised or refused, never anything else',
    (baseUrl) => {
      try {
        const { baseUrl: normal } = normaliseDestination({ baseUrl })
        expect(normaliseDestination({ baseUrl: normal }).baseUrl).toBe(normal)
        expect(new URL(normal).origin).toBe(new URL(baseUrl).origin)
      } catch (error) {
        expect(String(error)).toContain('destination.refused')
      }
    },
  )
})
