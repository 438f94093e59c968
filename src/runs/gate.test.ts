import { expect, it } from 'vitest'
import { createGate } from './gate.ts'

const never = new AbortController().signal

it('lets so many in, and those who wait in turn by run, so that a large run keeps no small one waiting', async () => {
  const gate = createGate(2)
  const entered: string[] = []
  const enter = (name: string): Promise<() => void> =>
    gate.enter(name[0]!, never).then((leave) => {
      entered.push(name)
      return leave!
    })
  const first = await enter('a1')
  const second = await enter('a2')
  const waiting = ['a3', 'a4', 'a5', 'b1', 'b2'].map(enter)
  await Promise.resolve()
  expect(entered).toEqual(['a1', 'a2'])
  first()
  first() // a place is given back once
  await waiting[0]
  expect(entered).toEqual(['a1', 'a2', 'a3'])
  second()
  await waiting[3]
  expect(entered).toEqual(['a1', 'a2', 'a3', 'b1'])
  ;(await waiting[0]!)()
  await waiting[1]
  ;(await waiting[3]!)()
  await waiting[4]
  expect(entered).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'b2'])
})

it('whoever gives up waiting takes no place', async () => {
  const gate = createGate(1)
  const leave = await gate.enter('a', never)
  const impatient = new AbortController()
  const given = gate.enter('b', impatient.signal)
  impatient.abort()
  expect(await given).toBeUndefined()
  const next = gate.enter('c', never)
  leave!()
  expect(await next).toBeDefined()
  expect(await gate.enter('d', impatient.signal)).toBeUndefined()
})
