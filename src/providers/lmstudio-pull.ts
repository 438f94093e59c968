import { setTimeout as sleep } from 'node:timers/promises'
import { objectOf, textOf } from '../base/json.ts'
import { ProviderCallError } from './failure.ts'
import { parseJson } from './parse-json.ts'
import type { PullAsk, PullOffer, PullStep } from './pull.ts'

const PATH = '/api/v1/models/download'
/** What the end of the base URL is that its own interface does not have: it lies beside the OpenAI one. */
const BESIDE = '/v1'
const ASK_EVERY_MS = 1_500

/** A model of LM Studio's catalogue ("ibm/granite-4-micro"), or an address of Hugging Face's. No other host is fetched from. */
const NAME = /^(?:https:\/\/huggingface\.co\/)?[\w][\w.-]{0,79}\/[\w][\w.@-]{0,119}$/

/**
 * LM Studio makes a job of a download and is asked how far it is. Its interface has no way to stop one: who leaves does not.
 * @see https://lmstudio.ai/docs/developer/rest/download, https://lmstudio.ai/docs/developer/rest/download-status
 */
export const lmStudioPull: PullOffer = {
  library: 'https://lmstudio.ai/models',
  example: 'ibm/granite-4-micro',
  isName: (model) => NAME.test(model),
  whenLeft: 'goes_on',
  async *pull(ask, model) {
    let job = await jobOf(ask, { method: 'POST', path: PATH, body: { model } })
    const id = textOf(job['job_id'])
    const before = bytesOf(job['downloaded_bytes']) ?? 0
    for (;;) {
      const step = stepOf(job, before)
      yield step
      if (step.doing === 'done') return
      if (id === undefined || !/^[\w-]{1,100}$/.test(id)) throw failed('It did not say which job that is.')
      await sleep(ASK_EVERY_MS)
      job = await jobOf(ask, { method: 'GET', path: `${PATH}/status/${id}` })
    }
  },
}

type Job = Readonly<Record<string, unknown>>

async function jobOf(ask: PullAsk, request: Parameters<PullAsk>[0]): Promise<Job> {
  const answer = await ask({ ...request, beside: BESIDE })
  const job = objectOf(parseJson(await answer.readAll()))
  // versions before 0.4 answer unknown paths with 200 and an error
  if (!job || textOf(job['status']) === undefined) {
    const detail = 'This LM Studio fetches no models on request: that needs version 0.4 or newer.'
    throw new ProviderCallError({ code: 'pull.outdated', detail, retryable: false }, 'maybe')
  }
  return job
}

function stepOf(job: Job, before: number): PullStep {
  const status = textOf(job['status'])
  if (status === 'failed') throw failed('Its own window says why.')
  const isDone = status === 'completed' || status === 'already_downloaded'
  const totalBytes = bytesOf(job['total_size_bytes'])
  const completedBytes = isDone ? totalBytes : bytesOf(job['downloaded_bytes'])
  if (totalBytes === undefined || completedBytes === undefined) return { doing: isDone ? 'done' : 'looking_up' }
  return { doing: isDone ? 'done' : 'fetching', totalBytes, completedBytes, fetchedBytes: Math.max(0, completedBytes - before) }
}

const bytesOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined

const failed = (why: string): ProviderCallError =>
  new ProviderCallError({ code: 'provider.failed', detail: `LM Studio could not fetch the model. ${why}`, retryable: false }, 'maybe')
