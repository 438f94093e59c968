import { expect, it } from 'vitest'
import { backOf } from './back.ts'

it.each(['/', '/runs/1?state=failed#a', '/sign-in'])('goes back to %s', (back) => {
  expect(backOf({ back })).toEqual({ back })
})

it.each([
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example',
  'javascript:alert(1)',
  'runs',
  '',
  '\t//evil.example',
  7,
  null,
  ['/'],
])('does not go back to %j', (back) => {
  expect(backOf({ back })).toEqual({})
})

it('stays on this host however the browser reads the path', () => {
  for (const back of ['/runs', '/..//evil.example', '/%2F/evil.example', '/.//evil.example']) {
    const { back: kept } = backOf({ back })
    expect(new URL(kept!, 'http://here.example').host).toBe('here.example')
  }
})
