import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { askToGoOn } from './ask.ts'
import { interruptible } from './interrupt.ts'

const tty = () => Object.assign(new PassThrough(), { isTTY: true })
const terminal = () => ({ input: tty(), output: tty() })

it.each([
  ['y', true],
  ['Ja', true],
  ['', false],
  ['no', false],
])('takes %j as %s', async (answer, meaning) => {
  const streams = terminal()
  const answered = askToGoOn('Run it?', new AbortController().signal, streams)
  streams.input.write(`${answer}\n`)
  expect(await answered).toBe(meaning)
})

it('Ctrl-C at the question interrupts the command', async () => {
  const streams = terminal()
  const interrupt = interruptible(() => undefined)
  const answered = askToGoOn('Run it?', interrupt.signal, streams)
  streams.input.write('\u0003')
  await expect(answered).rejects.toThrow(/abort/i)
  expect(interrupt.signal.aborted).toBe(true)
  expect(interrupt.hardSignal.aborted).toBe(false)
  interrupt.end()
})

it('says what to add where nobody is there', async () => {
  const streams = { ...terminal(), input: new PassThrough() }
  await expect(askToGoOn('Run it?', new AbortController().signal, streams)).rejects.toMatchObject({ code: 'command.invalid' })
})
