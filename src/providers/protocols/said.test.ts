import { expect, it } from 'vitest'
import { dialectRecordings } from '../../../test/support/recordings.ts'
import { describeShared } from '../../../test/support/shared.ts'
import {
  saidByAnthropic,
  saidByBedrock,
  saidByCohere,
  saidByGemini,
  saidByOllama,
  saidByOpenAiChat,
  saidByOpenAiResponses,
} from './said.ts'

it.each([
  [
    saidByOpenAiChat,
    { choices: [{ delta: { content: 'a', reasoning_content: 'b', tool_calls: [{ function: { name: 'f', arguments: '{' } }] } }] },
    'baf{',
  ],
  [saidByOpenAiResponses, { type: 'response.output_text.delta', delta: 'a' }, 'a'],
  [saidByOpenAiResponses, { type: 'response.output_audio.delta', delta: 'UklGRg==' }, ''],
  [saidByAnthropic, { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'a' } }, 'a'],
  [saidByGemini, { candidates: [{ content: { parts: [{ text: 'a' }, { functionCall: { name: 'f', args: { x: 1 } } }] } }] }, 'af{"x":1}'],
  [saidByCohere, { type: 'content-delta', delta: { message: { content: { text: 'a' } } } }, 'a'],
  [saidByBedrock, { contentBlockDelta: { delta: { reasoningContent: { text: 'a' } } } }, 'a'],
  [saidByOllama, { message: { content: 'a', thinking: 'b' } }, 'ba'],
])('%o reads %o', (read, event, said) => {
  expect(read(event)).toBe(said)
  for (const nothing of [null, 3, 'x', [], {}, { choices: 3 }, { candidates: [null] }, { delta: null }]) expect(read(nothing)).toBe('')
})

/** Streams of errors, and of answers that are tools and pictures alone. */
const WORDLESS = /error|image-generation-tool|local-shell-tool\.1|mcp-tool-approval\.3/

describeShared('recorded streams', () => {
  const READERS: Readonly<Record<string, (event: unknown) => string>> = {
    '/v1/chat/completions': saidByOpenAiChat,
    '/v1/messages': saidByAnthropic,
    '/v1/responses': saidByOpenAiResponses,
  }
  const streams = dialectRecordings().filter(({ events, endpoint, path }) => events && READERS[endpoint] && !WORDLESS.test(path))

  it.each(streams.map((recording) => [recording.path, recording] as const))('%s says something', (_, { events, endpoint }) => {
    expect(events!.map(READERS[endpoint]!).join('').length).toBeGreaterThan(0)
  })
})
