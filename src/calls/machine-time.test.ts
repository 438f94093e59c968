import { expect, it } from 'vitest'
import { chargedMachineMs, createMachineClock } from './machine-time.ts'

const at = { ms: 0 }
const clock = () => {
  at.ms = 1_000
  return createMachineClock(() => at.ms)
}

it('a call that is alone has all of its time', () => {
  const turn = clock().begin()
  at.ms += 2_500
  expect(turn.end()).toEqual({ wallMs: 2_500, shareMs: 2_500 })
  at.ms += 500
  expect(turn.end()).toEqual({ wallMs: 2_500, shareMs: 2_500 })
})

it('calls side by side share each instant evenly: together they pay the machine’s time once', () => {
  const machine = clock()
  const first = machine.begin()
  at.ms += 1_000 // alone
  const second = machine.begin()
  const third = machine.begin()
  at.ms += 3_000 // three of them: a thousand each
  expect(second.end()).toEqual({ wallMs: 3_000, shareMs: 1_000 })
  at.ms += 1_000 // two: five hundred each
  expect(first.end()).toEqual({ wallMs: 5_000, shareMs: 1_000 + 1_000 + 500 })
  at.ms += 200
  expect(third.end()).toEqual({ wallMs: 4_200, shareMs: 1_000 + 500 + 200 })
  // 1,000 + 2,500 + 1,700 are the 5,200 ms in which there was any
})

it('a pause between calls belongs to nobody', () => {
  const machine = clock()
  const first = machine.begin()
  at.ms += 100
  expect(first.end().shareMs).toBe(100)
  at.ms += 60_000
  const second = machine.begin()
  at.ms += 40
  expect(second.end().shareMs).toBe(40)
})

it('what the server says that a call took goes before the time on the wire, and never beyond it', () => {
  expect(chargedMachineMs({ wallMs: 2_000, shareMs: 2_000 }, 1_850)).toBe(1_850)
  expect(chargedMachineMs({ wallMs: 2_000, shareMs: 1_000 }, 1_850)).toBe(925)
  expect(chargedMachineMs({ wallMs: 2_000, shareMs: 1_000 }, undefined)).toBe(1_000)
  expect(chargedMachineMs({ wallMs: 2_000, shareMs: 2_000 }, 9_999)).toBe(2_000)
  expect(chargedMachineMs({ wallMs: 0, shareMs: 0 }, 5)).toBe(0)
})
