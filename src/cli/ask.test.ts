import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { askToGoOn } from './ask.ts'
import { interruptible } from './interrupt.ts'
import { localIo } from './local-io.ts'

const tty = () => Object.assign(new PassThrough(), { isTTY: true })

function terminal(stdin: PassThrough = tty()) {
  return { stdin, io: localIo({ stdin, stdout: tty(), stderr: tty() }) }
}

it.each([
  ['y', true],
  ['Ja', true],
  ['', false],
  ['no', false],
])('takes %j as %s', async (answer, meaning) => {
  const { stdin, io } = terminal()
  const answered = askToGoOn(io, 'Run it?', new AbortController().signal)
  stdin.write(`${answer}\n`)
  expect(await answered).toBe(meaning)
})

it('takes the end of the input as no', async () => {
  const { stdin, io } = terminal()
  const answered = askToGoOn(io, 'Run it?', new AbortController().signal)
  stdin.end()
  expect(await answered).toBe(false)
})

it('Ctrl-C at the question interrupts the command', async () => {
  const { stdin, io } = terminal()
  const interrupt = interruptible(io, () => undefined)
  const answered = askToGoOn(io, 'Run it?', interrupt.signal)
  stdin.write('\u0003')
  await expect(answered).rejects.toThrow(/abort/i)
  expect(interrupt.signal.aborted).toBe(true)
  expect(interrupt.hardSignal.aborted).toBe(false)
  interrupt.end()
})

it('says what to add where nobody is there', async () => {
  const { io } = terminal(new PassThrough())
  await expect(askToGoOn(io, 'Run it?', new AbortController().signal)).rejects.toMatchObject({ code: 'command.invalid' })
})
