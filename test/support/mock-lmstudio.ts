import { answerJson, type RawServer, startRawServer } from './raw-server.ts'

export interface LmStudioModel {
  readonly key: string
  readonly sizeBytes: number
  readonly loaded?: boolean
}

/**
 * LM Studio's lists of models as its documentation describes them; an `old` one (before 0.4) has only the OpenAI one, and says
 * of unknown paths with status 200 that it does not know them. @see https://lmstudio.ai/docs/developer/rest/list
 */
export const startMockLmStudio = (models: readonly LmStudioModel[], { old = false } = {}): Promise<RawServer> => {
  let asked = 0 // how often the one job was looked at: a third of it is there each time
  const job = (): object => {
    const status = asked < 3 ? 'downloading' : 'completed'
    return {
      job_id: 'job_493c7c9ded',
      status,
      total_size_bytes: 2_400,
      downloaded_bytes: 800 * Math.min(3, asked++),
      bytes_per_second: 800,
    }
  }
  return startRawServer(({ path, method, body }, response) => {
    if (method === 'POST' && path === '/api/v1/models/download' && !old) {
      const isThere = models.some(({ key }) => body.includes(key))
      return answerJson(response, 200, isThere ? { status: 'already_downloaded' } : job())
    }
    if (method === 'GET' && path === '/api/v1/models/download/status/job_493c7c9ded') return answerJson(response, 200, job())
    if (method === 'GET' && path === '/v1/models') {
      const data = models.map(({ key }) => ({ id: key, object: 'model', owned_by: 'organization_owner' }))
      return answerJson(response, 200, { object: 'list', data })
    }
    if (method === 'GET' && path === '/api/v1/models' && !old) return answerJson(response, 200, { models: models.map(toListed) })
    answerJson(response, 200, { error: `Unexpected endpoint or method. (${method} ${path}). Returning 200 anyway` })
  })
}

const toListed = ({ key, sizeBytes, loaded = false }: LmStudioModel): object => ({
  type: 'llm',
  publisher: 'lmstudio-community',
  key,
  display_name: key,
  architecture: 'gemma3',
  quantization: { name: 'Q4_K_M', bits_per_weight: 4 },
  size_bytes: sizeBytes,
  params_string: '4B',
  loaded_instances: loaded ? [{ id: key, config: { context_length: 4_096 } }] : [],
  max_context_length: 131_072,
  format: 'gguf',
})
