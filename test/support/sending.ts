import { expect, onTestFinished } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { ProviderCallError } from '../../src/providers/failure.ts'
import { openai } from '../../src/providers/openai.ts'
import { createSender, type Sender, type SenderOptions, type SendRequest } from '../../src/providers/send.ts'
import { startRecorder, type Recorder } from './recorder.ts'

/** What the recorder answers where a test says nothing else: a chat without words. */
export const OK = JSON.stringify({ id: 'r1', model: 'm', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })

/** A server that goes when the test is over. */
export async function recorder(respond: Parameters<typeof startRecorder>[0] = (response) => response.end(OK)): Promise<Recorder> {
  const server = await startRecorder(respond)
  onTestFinished(() => server.close())
  return server
}

/** A sender that is closed when the test is over. */
export function sender(options: SenderOptions): Sender {
  const made = createSender(options)
  onTestFinished(() => made.close())
  return made
}

/** A chat that is sent to this base URL. */
export const post = (baseUrl: string, more: Partial<SendRequest> = {}): SendRequest => ({
  provider: openai,
  destination: { baseUrl },
  method: 'POST',
  path: '/chat/completions',
  headers: { 'content-type': 'application/json' },
  body: '{"model":"m"}',
  key: new Secret(Buffer.from('some-key-of-a-test')),
  ...more,
})

/** What a call failed with, before or after it left. */
export async function refusal(promise: Promise<unknown>): Promise<ProviderCallError> {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ProviderCallError)
  return error as ProviderCallError
}
