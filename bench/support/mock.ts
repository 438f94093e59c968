import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MockReport } from './mock-program.ts'

const PROGRAM = fileURLToPath(new URL('./mock-program.ts', import.meta.url))

/** The load mock, running as a process of its own. */
export interface Mock {
  readonly baseUrl: string
  report(): Promise<MockReport>
  stop(): Promise<void>
}

export async function startMock({ latencyMs, countFor }: { latencyMs: number; countFor?: string }): Promise<Mock> {
  const child = fork(PROGRAM, [String(latencyMs), ...(countFor === undefined ? [] : [countFor])])
  const { port } = await nextReport(child)
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    report: () => {
      const answer = nextReport(child)
      child.send('report')
      return answer
    },
    stop: async () => {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

async function nextReport(child: ChildProcess): Promise<MockReport> {
  const [report] = (await once(child, 'message')) as [MockReport]
  return report
}
