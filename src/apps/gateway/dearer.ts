import { objectOf } from '../../base/json.ts'
import type { Dearer } from '../../calls/price.ts'
import { type TopLevel, type TopLevelMember, valueOf } from './top-level.ts'

/** Tiers of service that never cost more than the usual one; "auto" is what providers take where nothing is said. */
const USUAL_TIERS = new Set(['auto', 'default', 'standard', 'standard_only', 'on_demand', 'flex', 'batch'])
/** Where a request says for how long its prompt is cached; only the long way has a price of its own. */
const LONG_CACHES = ['"ttl"', '"prompt_cache_retention"', '"prompt_cache_options"']

/** What a request asks for that costs more than a usual one; undefined: nothing. */
export function dearerOf({ body, top, provider }: { body: Uint8Array; top: TopLevel; provider: string }): Dearer | undefined {
  const say = (name: string): unknown => (top.members.has(name) ? valueOf(body, top, name) : undefined)
  const tier = say('speed') === 'fast' ? 'fast' : (say('service_tier') ?? searchTier(provider, say('web_search_options')))
  const serviceTier = typeof tier === 'string' && !USUAL_TIERS.has(tier) ? tier : undefined
  const geo = say('inference_geo')
  const region = typeof geo === 'string' && geo !== 'global' ? geo : undefined
  const longCacheWrites = holdsAny(body, LONG_CACHES)
  const speaksOrDraws = top.members.has('audio') || top.members.has('modalities')
  if (serviceTier === undefined && region === undefined && !longCacheWrites && !speaksOrDraws) return undefined
  return { serviceTier, region, longCacheWrites, speaksOrDraws }
}

/** Perplexity's fee for each request is a matter of how much it looks up. */
function searchTier(provider: string, options: unknown): string | undefined {
  const size = provider === 'perplexity' ? objectOf(options)?.['search_context_size'] : undefined
  return typeof size === 'string' && size !== 'low' ? size : undefined
}

/** How the types of tools begin that a provider runs by itself, as often as its model likes: each run is charged, and what it found is input again. */
const PROVIDER_RUNS = [
  'web_',
  'x_search',
  'collections_search',
  'browser_search',
  'file_search',
  'code_',
  'image_generation',
  'mcp',
  'advisor',
  'openrouter:',
]
/** The same said without a tool. */
const ALSO_RUN = ['search_parameters', 'mcp_servers', 'plugins']

/** Whether a provider may look things up or run things for this request: nobody can say before how much that comes to. */
export function isRunByProvider({ body, top, provider }: { body: Uint8Array; top: TopLevel; provider: string }): boolean {
  if (ALSO_RUN.some((name) => isSaid(body, top.members.get(name)))) return true
  if (provider !== 'perplexity' && isSaid(body, top.members.get('web_search_options'))) return true
  const tools = top.members.get('tools')
  if (!tools || !holdsAny(body.subarray(tools.from, tools.to), PROVIDER_RUNS)) return false
  const list = valueOf(body, top, 'tools')
  const types = Array.isArray(list) ? list.map((tool) => objectOf(tool)?.['type']) : []
  return types.some((type) => typeof type === 'string' && PROVIDER_RUNS.some((start) => type.startsWith(start)))
}

const isSaid = (body: Uint8Array, member: TopLevelMember | undefined): boolean =>
  member !== undefined &&
  !['null', '[]'].includes(Buffer.from(body.subarray(member.from, Math.min(member.to, member.from + 5))).toString('latin1'))

/**
 * Whether one of these texts of JSON stands in a body. A letter written as an escape ("\u0069mage_url") is read as the letter by
 * who is asked: no program writes so but to be misread, and everything counts as said then.
 */
export function holdsAny(body: Uint8Array, texts: readonly string[]): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return texts.some((text) => bytes.includes(text)) || hasEscapedLetter(bytes)
}

/** `\u005f` and `\u0061` to `\u007a`: an underscore or a small letter, which no writer of JSON escapes. */
function hasEscapedLetter(bytes: Buffer): boolean {
  for (let at = bytes.indexOf('\\u00'); at !== -1; at = bytes.indexOf('\\u00', at + 4)) {
    if (!/^(?:5f|6[1-9a-f]|7[0-9a])$/i.test(bytes.toString('latin1', at + 4, at + 6))) continue
    let backslashes = 1
    while (bytes[at - backslashes] === 0x5c) backslashes += 1
    if (backslashes % 2 === 1) return true
  }
  return false
}
