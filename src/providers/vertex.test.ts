import { expect, it } from 'vitest'
import { needsKey, pathAt } from './asked.ts'
import type { Destination } from './provider.ts'
import { vertex } from './vertex.ts'

const complete = (entered: Partial<Destination>): Destination => vertex.completeDestination!(entered) as Destination

it.each([
  [{}, 'https://aiplatform.googleapis.com/v1', '/publishers/x'],
  [{ project: 'mine' }, 'https://aiplatform.googleapis.com/v1', '/projects/mine/locations/global/publishers/x'],
  [{ project: 'mine', region: 'global' }, 'https://aiplatform.googleapis.com/v1', '/projects/mine/locations/global/publishers/x'],
  [
    { project: 'mine', region: 'europe-west4' },
    'https://europe-west4-aiplatform.googleapis.com/v1',
    '/projects/mine/locations/europe-west4/publishers/x',
  ],
  [{ project: 'mine', region: 'eu' }, 'https://aiplatform.eu.rep.googleapis.com/v1', '/projects/mine/locations/eu/publishers/x'],
])('%j: its own address, and a key is needed there', (entered, baseUrl, path) => {
  const destination = complete(entered)
  expect(destination).toEqual({ ...entered, baseUrl })
  expect(complete(destination)).toEqual(destination)
  expect(needsKey(vertex, destination)).toBe(true)
  expect(pathAt(vertex, '/publishers/x', { destination })).toBe(path)
})

it('a gateway’s address stays, and may need no key', () => {
  const destination = complete({ baseUrl: 'https://gateway.example/vertex/v1', project: 'mine', region: 'europe-west4' })
  expect(destination.baseUrl).toBe('https://gateway.example/vertex/v1')
  expect(needsKey(vertex, destination)).toBe(false)
})

it('a name that only looks like Google’s is not its own', () => {
  for (const baseUrl of [
    'https://aiplatform.googleapis.com.evil.example/v1',
    'https://evil.example/aiplatform.googleapis.com/v1',
    'https://evil.example-aiplatform.googleapis.com.example/v1',
    'http://europe-west4-aiplatform.googleapis.com/v1',
  ])
    expect(needsKey(vertex, { baseUrl })).toBe(false)
})

it('a location without a project is refused: it would be left out', () => {
  expect(() => complete({ region: 'europe-west4' })).toThrow('destination.refused')
})

it('a model is one step of the path, whatever its name holds', () => {
  const path = vertex.chat.path as (model: string) => string
  expect(path('gemini-2.5-flash')).toBe('/publishers/google/models/gemini-2.5-flash:generateContent')
  expect(path('publishers/google/models/gemini-2.5-flash')).toBe('/publishers/google/models/gemini-2.5-flash:generateContent')
  expect(path('../../x?y')).toBe('/publishers/google/models/..%2F..%2Fx%3Fy:generateContent')
})
