import type { ModelFact } from '../../src/prices/book.ts'
import { distance } from './decimal.ts'
import type { GatheredWithNews, Tables } from './gather.ts'
import { genaiIds, readGenai } from './genai-prices.ts'
import { litellmFact, litellmTable, readLitellm } from './litellm.ts'
import { modelsDevFact, readModelsDev } from './models-dev.ts'
import { asArray, asObject, asText, conditionKey, type Json, type Observation } from './observe.ts'

/** Under which names the tables list a provider. A table that is not named here says nothing that can be used of it. */
interface Listed {
  readonly litellm?: {
    readonly providers: readonly string[]
    /** What stands before the provider's own model name. */
    readonly prefix?: string
    /** Ids before which it names a region: "eu/gpt-5.4". */
    readonly regions?: readonly string[]
    /** Its prices hold only for models that another table lists too: it keeps what the provider no longer serves. */
    readonly onlyListed?: boolean
  }
  readonly modelsDev?: string
  readonly genai?: string
  /** Ids that are names of this provider; what does not fit is a category or somebody else's. */
  readonly ids?: RegExp
}

const AWS_REGION = /^(?:us|eu|ap|sa|ca)-[a-z]+-\d$/

const LISTED: Readonly<Record<string, Listed>> = {
  azure: { litellm: { providers: ['azure'], prefix: 'azure/', regions: ['us', 'eu'] }, ids: /^(?:gpt-|o\d|text-embedding|codex)/ },
  gemini: {
    litellm: { providers: ['gemini'], prefix: 'gemini/' },
    modelsDev: 'google',
    genai: 'google',
    ids: /^(?:gemini-(?:\d|embedding)|gemma-)[^:]*$/,
  },
  vertex: {
    litellm: { providers: ['vertex_ai-language-models', 'vertex_ai-anthropic_models'], prefix: 'vertex_ai/' },
    modelsDev: 'google-vertex',
    ids: /^(?:gemini|claude|text-embedding)-/,
  },
  // Its entries by region, one commitment and its older ways to write a name are not the model's name.
  bedrock: { litellm: { providers: ['bedrock', 'bedrock_converse'], prefix: 'bedrock/' }, ids: /^(?:[a-z-]+\.)?[a-z0-9]+\.[^/@]+$/ },
  cohere: { litellm: { providers: ['cohere', 'cohere_chat'], prefix: 'cohere/' }, modelsDev: 'cohere', genai: 'cohere' },
  groq: { litellm: { providers: ['groq'], prefix: 'groq/' }, modelsDev: 'groq', genai: 'groq' },
  deepseek: { litellm: { providers: ['deepseek'], prefix: 'deepseek/' }, modelsDev: 'deepseek' },
  xai: { litellm: { providers: ['xai'], prefix: 'xai/' }, modelsDev: 'xai', genai: 'x-ai', ids: /^grok-/ },
  together: { litellm: { providers: ['together_ai'], prefix: 'together_ai/' }, modelsDev: 'togetherai', genai: 'together', ids: /\// },
  fireworks: {
    litellm: { providers: ['fireworks_ai'], prefix: 'fireworks_ai/', onlyListed: true },
    modelsDev: 'fireworks-ai',
    genai: 'fireworks',
    ids: /^accounts\/fireworks\/(?:models|routers)\/./,
  },
  perplexity: { litellm: { providers: ['perplexity'], prefix: 'perplexity/' }, ids: /^pplx-embed-/ },
  cerebras: { litellm: { providers: ['cerebras'], prefix: 'cerebras/' }, modelsDev: 'cerebras', genai: 'cerebras', ids: /^[^/:]+$/ },
  deepinfra: { litellm: { providers: ['deepinfra'], prefix: 'deepinfra/' }, modelsDev: 'deepinfra' },
  alibaba: { litellm: { providers: ['dashscope'], prefix: 'dashscope/' }, modelsDev: 'alibaba' },
  moonshot: { litellm: { providers: ['moonshot'], prefix: 'moonshot/' }, modelsDev: 'moonshotai', genai: 'moonshotai' },
  zai: { litellm: { providers: ['zai'], prefix: 'zai/' }, modelsDev: 'zai', genai: 'zai', ids: /^glm-/ },
  minimax: { litellm: { providers: ['minimax'], prefix: 'minimax/' }, modelsDev: 'minimax', genai: 'minimax', ids: /^MiniMax-/ },
  scaleway: { modelsDev: 'scaleway' },
  // LiteLLM repeats its euro prices as dollars; the other two read its own list in dollars.
  ovhcloud: { modelsDev: 'ovhcloud', genai: 'ovhcloud' },
  nebius: { litellm: { providers: ['nebius'], prefix: 'nebius/' }, modelsDev: 'nebius' },
  voyage: { litellm: { providers: ['voyage'], prefix: 'voyage/' }, genai: 'voyageai' },
  jina: { litellm: { providers: ['jina_ai'] } },
  bfl: { litellm: { providers: ['black_forest_labs'], prefix: 'black_forest_labs/' } },
}

const TRUST = ['genai-prices', 'litellm', 'models.dev']

const MODES = ['chat', 'responses', 'embedding', 'rerank']

/** Names that are not text models, that cost more than their tokens, or that stand for another model from day to day. */
const LEFT_OUT =
  /audio|realtime|live|transcribe|tts|image|search|computer-use|robotics|whisper|voxtral|moderation|omni|-latest(?:-|$)|:free$|-Free$/

/** What the tables say of a provider that is in the list above; of others, nothing. */
export function gatherListed(provider: string, tables: Tables, snapshotDay: string): GatheredWithNews {
  const listed = LISTED[provider]
  if (!listed) return { trust: [], observations: [], aliases: [], facts: [], announced: [], contested: [] }
  const isModel = (id: string): boolean => (listed.ids?.test(id) ?? true) && !LEFT_OUT.test(id)
  const litellm = listed.litellm ? readTable(tables.litellm, { ...listed.litellm, isModel, images: provider === 'bfl' }) : []
  const modelsDev = Object.entries(asObject(tables.modelsDev[listed.modelsDev ?? '']))
    .map(([id, entry]) => ({ id, entry: asObject(entry) }))
    .filter(({ id }) => isModel(id))
  const genai = asArray(tables.genai.find((entry) => entry['id'] === listed.genai)?.['models'])
    .map(asObject)
    .flatMap((entry) => genaiNames(entry, new Set([...litellm, ...modelsDev].map(({ id }) => id))).map((id) => ({ id, entry })))
    .filter(({ id }) => isModel(id))
  const current = new Set([...modelsDev, ...genai].map(({ id }) => id))
  const kept = litellm.filter(({ id }) => !listed.litellm?.onlyListed || current.has(id))
  const news = genai.map(({ id, entry }) => readGenai({ model: id, entry, source: 'genai-prices', snapshotDay }))
  const observations = [
    ...kept.flatMap(({ id, entry, region }) => inRegion(readLitellm(id, entry, 'litellm'), region)),
    ...modelsDev.flatMap(({ id, entry }) => readModelsDev(id, entry, 'models.dev')),
    ...news.flatMap((prices) => [...prices.past, ...prices.current]),
  ]
  const { agreed, contested } = weigh(priced(observations))
  return {
    trust: TRUST,
    observations: agreed,
    contested,
    aliases: [],
    facts: [
      ...kept.flatMap(({ id, entry, region }) => (region === undefined ? litellmFact(id, entry) : [])),
      ...modelsDev.flatMap(({ id, entry }): ModelFact[] => {
        const fact = modelsDevFact({ id, entry, tables: tables.modelsDev, source: 'models.dev' })
        return fact ? [fact] : []
      }),
    ],
    announced: news.flatMap((prices) => prices.announced),
  }
}

/** Only names that genai-prices states exactly, or that another table has too: its patterns catch neighbours. */
function genaiNames(entry: Json, known: ReadonlySet<string>): string[] {
  const id = asText(entry['id']) ?? ''
  return [...new Set([...genaiIds(entry), ...(known.has(id) ? [id] : [])])]
}

function readTable(
  table: Json,
  {
    providers,
    prefix = '',
    regions = [],
    isModel,
    images,
  }: NonNullable<Listed['litellm']> & { isModel: (id: string) => boolean; images: boolean },
): { id: string; entry: Json; region?: string }[] {
  const modes = images ? ['image_generation', 'image_edit'] : MODES
  return litellmTable(table, { providers, modes })
    .map(({ key, entry }) => {
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : key
      const [head = '', ...rest] = name.split('/')
      return rest.length > 0 && (regions.includes(head) || AWS_REGION.test(head))
        ? { id: rest.join('/'), entry, region: head }
        : { id: name, entry }
    })
    .filter(({ id }) => isModel(id) || images)
}

const inRegion = (observations: Observation[], region: string | undefined): Observation[] =>
  region === undefined ? observations : observations.map((one) => ({ ...one, regions: [region] }))

/**
 * Without zeros, which in these tables stand for what is unknown, on trial or not applicable, and without what is left of
 * a model then: a price of its output alone is a part of its cost.
 */
function priced(observations: readonly Observation[]): Observation[] {
  const known = observations.filter((one) => one.price !== '0')
  const keyOf = ({ model, source, regions }: Observation): string => JSON.stringify([model, source, regions])
  const whole = new Set(known.filter(({ unit }) => unit === 'input_tokens' || unit === 'images' || unit === 'searches').map(keyOf))
  return known.filter((one) => whole.has(keyOf(one)))
}

/** From this difference on, two tables do not mean the same price. */
const CONTRADICTION = 0.2
const SAME = 0.01

/**
 * Where tables contradict each other about what a model's input or output costs, two against one win; one against one
 * leaves the model without a price. What a table alone states (cache, audio, tiers) counts only where its input price is
 * the one that is taken: a cache price goes with its own base.
 */
function weigh(observations: readonly Observation[]): { agreed: Observation[]; contested: Observation[] } {
  const agreed: Observation[] = []
  const contested: Observation[] = []
  for (const group of Map.groupBy(observations, ({ model, regions }) => JSON.stringify([model, regions])).values()) {
    const bySource = Map.groupBy(group, ({ source }) => source)
    const sources = TRUST.filter((source) => bySource.has(source))
    const base = (source: string, unit: Observation['unit']): string | undefined =>
      bySource.get(source)!.find((one) => one.unit === unit && isStandard(one))?.price
    const apart = (a: string, b: string, share: number): boolean =>
      (['input_tokens', 'output_tokens'] as const).some((unit) => {
        const [one, other] = [base(a, unit), base(b, unit)]
        return one !== undefined && other !== undefined && distance(one, other) > share
      })
    const quarrel = sources.some((a) => sources.some((b) => apart(a, b, CONTRADICTION)))
    const winner = quarrel ? sources.find((a) => sources.some((b) => b !== a && !apart(a, b, SAME))) : sources[0]
    if (winner === undefined) {
      contested.push(...group)
      continue
    }
    const stated = new Set(group.filter(({ source }) => source === winner).map(conditionAndUnit))
    for (const one of group) {
      if (one.source === winner || !apart(one.source, winner, SAME)) agreed.push(one)
      else if (quarrel) contested.push(one)
      else if (stated.has(conditionAndUnit(one))) agreed.push(one) // it loses by trust, and the difference is reported
    }
  }
  return { agreed, contested }
}

const conditionAndUnit = (one: Observation): string => `${conditionKey(one)} ${one.unit}`

const isStandard = ({ serviceTier, batch, fromInputTokens, validTo }: Observation): boolean =>
  serviceTier === undefined && !batch && fromInputTokens === undefined && validTo === undefined
