import { goodAnswer } from './mock-provider.ts'
import { answerJson, chatCompletion, type RawServer, startRawServer } from './raw-server.ts'

/** A provider that answers when the test lets it. */
export interface HeldProvider extends RawServer {
  /** Resolves when this many requests in all have come. */
  reached(count: number): Promise<void>
  /** Answers what waits, and from now on at once (true), or lets requests wait (false). */
  open(flows: boolean): void
}

export async function startHeldProvider(): Promise<HeldProvider> {
  let flows = false
  const waiting: (() => void)[] = []
  const watchers: { count: number; resolve: () => void }[] = []
  const server = await startRawServer(({ body, number }, response) => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] }
    const answer = (): void => answerJson(response, 200, chatCompletion(goodAnswer([], messages.at(-1)!.content)))
    if (flows) answer()
    else waiting.push(answer)
    for (const { count, resolve } of watchers) if (number >= count) resolve()
  })
  return {
    ...server,
    reached: (count) =>
      new Promise((resolve) => {
        if (server.requests.length >= count) resolve()
        else watchers.push({ count, resolve })
      }),
    open(now) {
      flows = now
      if (now) for (const answer of waiting.splice(0)) answer()
    },
  }
}
