import { expect, it } from 'vitest'
import { checkBaseUrl } from './destination-guard.ts'
import { groq } from './groq.ts'
import { needsKey } from './asked.ts'
import { bearer, type Provider } from './provider.ts'
import { findProvider, providers, registryOf } from './registry.ts'

const TRIED = ['recorded answers', 'a mock of its documented interface', 'never tried']
const DAY = /^20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

/** What a provider's data leaves out that whoever adds a key has to know; empty when it is all there. */
function missingFacts(provider: Provider): string[] {
  const { id, name, baseUrl, regions = [], pages, noPrices, key, keyHeader, checkKey, checkedOn, triedAgainst, notes = [] } = provider
  const isOwnServer = baseUrl === undefined && key !== 'required'
  const links = Object.entries(pages).filter(([, url]) => !/^https:\/\/[^/ ]+\.[^/ ]+/.test(url))
  const addresses = [baseUrl, ...regions.map((region) => region.baseUrl)].filter((url) => url !== undefined && url !== 'practice:')
  return [
    ...(/^[a-z][a-z0-9-]*$/.test(id) ? [] : ['id']),
    ...(name.trim() === '' ? ['name'] : []),
    ...(key === 'required' && pages.keys === undefined ? ['key page'] : []),
    ...(baseUrl === undefined && key === 'required' && provider.baseUrlExample === undefined ? ['how its address looks'] : []),
    ...(pages.docs === undefined && key === 'required' ? ['documentation'] : []),
    ...(/^\/[^/]/.test(checkKey.path) && ['GET', 'POST'].includes(checkKey.method) ? [] : ['test call']),
    // a good answer to something else must not pass for a good key
    ...(checkKey.read({ unexpected: true }) === 'elsewhere' && checkKey.read('<html>') === 'elsewhere' ? [] : ['test call that can fail']),
    ...((pages.prices === undefined) === (noPrices === undefined) ? ['price page, or why there is none'] : []),
    ...(DAY.test(checkedOn) && checkedOn <= '2099-12-31' ? [] : ['date']),
    ...(TRIED.includes(triedAgainst) ? [] : ['what it was tried against']),
    ...(/^[a-z-]+$/.test(keyHeader.name) ? [] : ['key header']),
    ...links.map(([page]) => `an https address of ${page}`),
    ...addresses.filter((url) => !url!.startsWith('https://') && !isOwnServer).map((url) => `https for ${url}`),
    ...notes.filter((note) => !/[.?]$/.test(note)).map((note) => `the end of the sentence: ${note}`),
  ]
}

it.each(Object.values(providers))(
  '$id says where keys, prices and documentation are, how a key is tested, and what was tried',
  (provider) => {
    expect(missingFacts(provider)).toEqual([])
    expect(findProvider(provider.id)).toBe(provider)
  },
)

it.each(Object.values(providers).filter(({ baseUrl }) => baseUrl?.startsWith('https:')))(
  '$id: its addresses may be reached',
  (provider) => {
    const addresses = [provider.baseUrl!, ...(provider.regions ?? []).map(({ baseUrl }) => baseUrl)]
    expect(new Set(addresses).size).toBe(addresses.length)
    for (const address of addresses) expect(() => checkBaseUrl(address, new Set())).not.toThrow()
  },
)

const { keys: _keys, ...withoutKeyPage } = groq.pages
const { prices: _prices, ...withoutPrices } = groq.pages
it.each<[string, Partial<Provider>, string[]]>([
  ['a key page', { pages: withoutKeyPage }, ['key page']],
  ['a source of prices', { pages: withoutPrices }, ['price page, or why there is none']],
  ['one of the two', { noPrices: 'It has none.' }, ['price page, or why there is none']],
  ['a date', { checkedOn: 'recently' }, ['date']],
  ['an honest word on what was tried', { triedAgainst: 'everything' as Provider['triedAgainst'] }, ['what it was tried against']],
  ['a test call', { checkKey: { ...groq.checkKey, path: '' } }, ['test call']],
  ['a test call that can fail', { checkKey: { ...groq.checkKey, read: () => 'ok' } }, ['test call that can fail']],
  ['an encrypted address', { baseUrl: 'http://api.groq.com/openai/v1' }, ['https for http://api.groq.com/openai/v1']],
  ['an example of its address', { baseUrl: undefined as never }, ['how its address looks']],
])('a provider without %s is refused', (_, change, missing) => {
  expect(missingFacts({ ...groq, ...change })).toEqual(missing)
})

it('two providers with one id are refused', () => {
  expect(() => registryOf([groq, { ...groq, name: 'Another' }])).toThrow('groq')
})

it('a provider whose every customer has an address of their own needs a key at each', () => {
  const own: Provider = { ...groq, keyHeader: bearer, baseUrl: undefined as never }
  expect(needsKey(own, { baseUrl: 'https://mine.example/v1' })).toBe(true)
  expect(needsKey(groq, { baseUrl: 'https://mine.example/v1' })).toBe(false)
  expect(needsKey(groq, { baseUrl: groq.baseUrl! })).toBe(true)
})
