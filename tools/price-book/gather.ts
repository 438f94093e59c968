import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelFact, PriceAlias } from '../../src/prices/book.ts'
import type { Gathered } from './assemble.ts'
import { gatherListed } from './gather-listed.ts'
import { genaiIds, readGenai } from './genai-prices.ts'
import { readLangfuse } from './langfuse.ts'
import { litellmFact, litellmModels, readLitellm } from './litellm.ts'
import { readMistral } from './mistral.ts'
import { modelsDevFact, readModelsDev } from './models-dev.ts'
import { asArray, asObject, asText, type Json, type Observation } from './observe.ts'

/** The published tables, parsed. */
export interface Tables {
  readonly litellm: Json
  readonly modelsDev: Json
  readonly genai: readonly Json[]
  readonly langfuse: readonly Json[]
  readonly mistral: readonly Json[]
}

/** The day on which the genai-prices snapshot was taken: what it dates later was announced, and is no fact. */
const GENAI_SNAPSHOT_DAY = '2026-08-21'

export function readTables(folder: string): Tables {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  return {
    litellm: asObject(read('litellm-subset-2026-08-01.json')),
    modelsDev: asObject(read('models.dev-cost-2026-07-02.json')),
    genai: asArray(read('genai-prices-v2-data.json')).map(asObject),
    langfuse: asArray(read('langfuse-default-model-prices.json')).map(asObject),
    mistral: asArray(asObject(read('mistral-first-party-2026-08-21.json'))['models']).map(asObject),
  }
}

/** Names that are not text models, or whose calls cost more than their tokens (search, sessions). */
const NOT_TEXT = /audio|realtime|transcribe|tts|image|search|computer-use|container|moderation|whisper|dall-e|ocr|voxtral|ft:gpt-3\.5/

export interface GatheredWithNews extends Gathered {
  /** What a table announces for a day after it was taken. */
  readonly announced: readonly Observation[]
  /** What tables contradict each other about too much for any of them to be taken. */
  readonly contested: readonly Observation[]
}

/** What the tables say of one provider's text models. */
export function gather(provider: string, tables: Tables): GatheredWithNews {
  if (provider === 'openrouter') return gatherOpenRouter(tables)
  if (provider === 'mistral') return gatherMistral(tables)
  if (provider === 'openai' || provider === 'anthropic') return gatherDirect(provider, tables)
  return gatherListed(provider, tables, GENAI_SNAPSHOT_DAY)
}

function gatherDirect(provider: 'openai' | 'anthropic', tables: Tables): GatheredWithNews {
  const litellm = litellmModels(tables.litellm, provider)
    .filter(({ id }) => !NOT_TEXT.test(id))
    // LiteLLM names fine-tuned models by their base; their own ids go on with ":organisation::id".
    .map(({ id, entry }) => ({ id: id.startsWith('ft:') ? `${id}:*` : id, entry }))
  const modelsDev = Object.entries(asObject(tables.modelsDev[provider])).filter(([id]) => !NOT_TEXT.test(id))
  const ids = new Set([...litellm.map(({ id }) => id), ...modelsDev.map(([id]) => id)])
  const genai = genaiModels(tables, provider).flatMap((entry) => {
    const names = new Set([...genaiIds(entry), asText(entry['id']) ?? ''])
    return [...names]
      .filter((name) => ids.has(name))
      .map((model) => readGenai({ model, entry, source: 'genai-prices', snapshotDay: GENAI_SNAPSHOT_DAY }))
  })
  const past = genai.flatMap((prices) => prices.past)
  // A table without history states the price of its own day: where genai-prices dates it, the others begin then too.
  const began = new Map(genai.flatMap((prices) => prices.current).flatMap((one) => (one.validFrom ? [[one.model, one.validFrom]] : [])))
  const dated = (one: Observation): Observation => {
    const validFrom = began.get(one.model)
    return validFrom === undefined ? one : { ...one, validFrom }
  }
  const observations = [
    ...readLangfuse(tables.langfuse, ids, 'langfuse'),
    ...litellm.flatMap(({ id, entry }) => readLitellm(id, entry, 'litellm')),
    ...modelsDev.flatMap(([id, entry]) => readModelsDev(id, asObject(entry), 'models.dev')),
  ]
  const current = genai.flatMap((prices) => prices.current)
  // A long-context price that genai-prices says has ended is not kept alive by an older table.
  const ended = new Set(past.filter((one) => one.fromInputTokens).map((one) => one.model))
  const stillLong = new Set(current.filter((one) => one.fromInputTokens).map((one) => one.model))
  return {
    trust: ['langfuse', 'genai-prices', 'litellm', 'models.dev'],
    observations: [
      ...observations.filter((one) => !one.fromInputTokens || !ended.has(one.model) || stillLong.has(one.model)).map(dated),
      ...current,
      ...past,
    ],
    aliases: [],
    facts: [...litellm.flatMap(({ id, entry }) => litellmFact(id, entry)), ...modelsDevFacts(tables, modelsDev)],
    announced: genai.flatMap((prices) => prices.announced),
    contested: [],
  }
}

function gatherMistral(tables: Tables): GatheredWithNews {
  const table = readMistral(tables.mistral, 'mistral-docs')
  const limits = new Map(modelsDevFacts(tables, Object.entries(asObject(tables.modelsDev['mistral']))).map((fact) => [fact.id, fact]))
  const facts = table.ids.flatMap((id) => {
    const names = [
      id,
      ...table.aliases.filter((alias) => alias.model === id && !alias.alias.endsWith('-latest')).map((alias) => alias.alias),
    ]
    const known = names.map((name) => limits.get(name)).find(Boolean)
    return known ? [{ ...known, id }] : []
  })
  return { trust: ['mistral-docs'], observations: table.observations, aliases: table.aliases, facts, announced: [], contested: [] }
}

function gatherOpenRouter(tables: Tables): GatheredWithNews {
  const modelsDev = Object.entries(asObject(tables.modelsDev['openrouter'])).filter(([id]) => !id.startsWith('openrouter/'))
  const listed = new Set(modelsDev.map(([id]) => id))
  const genai = genaiModels(tables, 'openrouter').filter((entry) => /^[^:]+\/[^:]+$/.test(asText(entry['id']) ?? ''))
  const read = genai.map((entry) =>
    readGenai({ model: asText(entry['id'])!, entry, source: 'genai-prices', snapshotDay: GENAI_SNAPSHOT_DAY }),
  )
  const aliases: PriceAlias[] = genai.flatMap((entry) => {
    const model = asText(entry['id'])!
    const names = genaiIds(entry).filter((alias) => alias !== model && alias.includes('/') && !listed.has(alias))
    return names.map((alias) => ({ alias, model, source: 'genai-prices' }))
  })
  return {
    // models.dev mirrors OpenRouter's own list; genai-prices keeps models that it no longer checks.
    trust: ['models.dev', 'genai-prices'],
    observations: [
      // ":free" is one pattern by hand.
      ...modelsDev.filter(([id]) => !id.endsWith(':free')).flatMap(([id, entry]) => readModelsDev(id, asObject(entry), 'models.dev')),
      ...read.flatMap((prices) => prices.current),
    ].filter((one) => !NOT_TEXT.test(one.model)),
    aliases,
    facts: modelsDevFacts(tables, modelsDev),
    announced: read.flatMap((prices) => prices.announced),
    contested: [],
  }
}

function genaiModels(tables: Tables, provider: string): readonly Json[] {
  return asArray(tables.genai.find((entry) => entry['id'] === provider)?.['models']).map(asObject)
}

function modelsDevFacts(tables: Tables, entries: readonly (readonly [string, unknown])[]): ModelFact[] {
  return entries.flatMap(
    ([id, entry]) => modelsDevFact({ id, entry: asObject(entry), tables: tables.modelsDev, source: 'models.dev' }) ?? [],
  )
}
