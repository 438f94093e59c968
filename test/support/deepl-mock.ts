import { readFileSync } from 'node:fs'
import { answerJson, type RawServer, startRawServer } from './raw-server.ts'
import { sharedPath } from './shared.ts'

/** The documented example of an answer of DeepL's (its OpenAPI description, MIT). */
export const deeplExample = (name: string): unknown =>
  (JSON.parse(readFileSync(sharedPath(`fixtures/deepl/${name}.json`), 'utf8')) as { body: unknown }).body

export interface DeeplMock extends RawServer {
  /** Answers the next translations with these statuses, one after another, then as documented again. */
  fail(...statuses: number[]): void
  /** Leaves `billed_characters` out of translations, as older versions did. */
  countsNothing(): void
}

interface TranslateBody {
  readonly text: string[]
  readonly target_lang: string
  readonly source_lang?: string
  readonly tag_handling?: string
  readonly model_type?: string
  readonly glossary_id?: string
  readonly show_billed_characters?: boolean
}

/**
 * DeepL as its documentation describes it: translations that say what they are ("DE:Lamp"), billed by Unicode code points
 * outside of tags, refusals with the documented statuses. Keys with "good" are known.
 */
export async function startDeeplMock(): Promise<DeeplMock> {
  const statuses: number[] = []
  let counts = true
  const server = await startRawServer(({ method, path, headers, body }, response) => {
    const key = /^DeepL-Auth-Key (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (!key?.includes('good')) return answerJson(response, 403, { message: `Forbidden for ${key}` })
    if (method === 'GET' && path === '/v2/usage') {
      if (key.includes('empty')) return answerJson(response, 200, { character_count: 500_000, character_limit: 500_000 })
      return answerJson(response, 200, deeplExample(key.endsWith(':fx') ? 'get-v2-usage-200-free' : 'get-v2-usage-200-pro'))
    }
    if (method === 'GET' && path === '/v3/languages?resource=translate_text') {
      return answerJson(response, 200, deeplExample('get-v3-languages-200-translateTextLanguages'))
    }
    if (method !== 'POST' || path !== '/v2/translate') return answerJson(response, 404, { message: 'Not found' })
    const status = statuses.shift()
    if (status !== undefined) return answerJson(response, status, { message: MESSAGES[status] ?? 'Error' })
    if (Buffer.byteLength(body) > 128 * 1024) return answerJson(response, 413, { message: 'Request Entity Too Large' })
    const asked = JSON.parse(body) as TranslateBody
    if (asked.text.length === 0 || asked.text.length > 50) return answerJson(response, 400, { message: 'Too many texts to translate' })
    if (asked.glossary_id !== undefined && asked.source_lang === undefined) {
      return answerJson(response, 400, { message: "Use of a glossary requires the 'source_lang' parameter to be specified" })
    }
    return answerJson(response, 200, { translations: asked.text.map((text) => translated(text, asked)) })
  })

  const translated = (text: string, asked: TranslateBody): object => ({
    detected_source_language: asked.source_lang ?? 'EN',
    text: `${asked.target_lang}:${text}`,
    ...(asked.show_billed_characters && counts
      ? { billed_characters: Array.from(asked.tag_handling ? text.replace(/<[^>]*>/g, '') : text).length }
      : {}),
    ...(asked.model_type ? { model_type_used: asked.model_type.replace('prefer_', '') } : {}),
  })

  return {
    ...server,
    fail: (...next) => void statuses.push(...next),
    countsNothing: () => {
      counts = false
    },
  }
}

const MESSAGES: Readonly<Record<number, string>> = {
  429: 'Too many requests',
  456: 'Quota exceeded',
  529: 'Too many requests',
}
