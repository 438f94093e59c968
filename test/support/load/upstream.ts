import { fileURLToPath } from 'node:url'
import { startPinned } from './pinned.ts'
import type { UpstreamReport } from './upstream-program.ts'

const PROGRAM = fileURLToPath(new URL('./upstream-program.ts', import.meta.url))

/** The upstream of a load, in a process of its own: upstream-program.ts says how it answers. */
export interface LoadUpstream {
  readonly url: string // a base URL, as of OpenAI's API
  /** All call ids that have arrived, in order. */
  callIds(): Promise<readonly string[]>
  /** Streams whose readers left since this was last asked, and the chunks written to them. */
  left(): Promise<{ readonly streams: number; readonly chunks: number }>
  stop(): Promise<void>
}

export async function startUpstream({ core }: { core?: number } = {}): Promise<LoadUpstream> {
  const { program, greeting } = await startPinned<UpstreamReport>(PROGRAM, { core })
  const callIds: string[] = []
  const report = async (): Promise<UpstreamReport> => {
    const seen = await program.ask<UpstreamReport>('report')
    for (const id of seen.callIds) callIds.push(id)
    return seen
  }
  return {
    url: `http://127.0.0.1:${greeting.port}/v1`,
    async callIds() {
      await report()
      return callIds
    },
    async left() {
      const { leftStreams, leftChunks } = await report()
      return { streams: leftStreams, chunks: leftChunks }
    },
    stop: () => program.stop(),
  }
}
