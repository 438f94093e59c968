import { defined, objectOf, textOf } from '../base/json.ts'
import { deepl as deeplTranslate } from './protocols/deepl.ts'
import { isOwnAddress } from './asked.ts'
import type { OfferedLanguage } from './offer.ts'
import type { CheckedKey, Destination, Provider } from './provider.ts'

const FREE = 'https://api-free.deepl.com'

/** DeepL: translation of texts. @see https://developers.deepl.com/api-reference, facts of 2026-11-20 */
export const deepl: Provider = {
  id: 'deepl',
  name: 'DeepL',
  baseUrl: 'https://api.deepl.com',
  regions: [
    { region: 'free', baseUrl: FREE },
    { region: 'us', baseUrl: 'https://api-us.deepl.com' },
    { region: 'jp', baseUrl: 'https://api-jp.deepl.com' },
  ],
  pages: {
    keys: 'https://www.deepl.com/your-account/keys',
    usage: 'https://www.deepl.com/your-account/usage',
    limits: 'https://developers.deepl.com/docs/resources/usage-limits',
    prices: 'https://www.deepl.com/pro-api',
    docs: 'https://developers.deepl.com/api-reference',
  },
  keyHint: 'a UUID; ends with :fx where it is of API Free',
  keyHeader: { name: 'authorization', prefix: 'DeepL-Auth-Key ' },
  key: 'required',
  keyProblem,
  checkKey: { method: 'GET', path: '/v2/usage', read: readUsage },
  translation: {
    protocol: deeplTranslate,
    path: '/v2/translate',
    textsAtMost: 50,
    bytesAtMost: 128 * 1024,
    languages: { path: '/v3/languages?resource=translate_text', read: readLanguages },
  },
  checkedOn: '2026-11-20',
  notes: [
    'A key that ends with :fx is of API Free and holds at https://api-free.deepl.com alone; any other holds at the other addresses alone. Both mistakes are refused before anything is sent.',
    'The addresses for the United States and Japan need a contract that names them.',
    'Charged is each Unicode character of the source, spaces included. Markup and context are not; DeepL’s own count is what the ledger has.',
    'Prices differ by contract and country, and the base fee of a plan is in no cost here: enter yours as the connection’s own prices, per character.',
    'Its model is called "translate"; "quality_optimized", "latency_optimized" and "prefer_quality_optimized" ask for that kind of model.',
    'When the quota of the period is used up, calls are refused until it begins anew.',
  ],
  triedAgainst: 'a mock of its documented interface',
}

/** The mark of API Free, the one thing that a DeepL key says of itself. A gateway of one's own may take either. */
function keyProblem(key: Uint8Array, destination: Destination): string | undefined {
  if (!isOwnAddress(deepl, destination)) return undefined
  const isFree = Buffer.from(key.buffer, key.byteOffset, key.byteLength).subarray(-3).equals(Buffer.from(':fx'))
  if (isFree === (destination.baseUrl === FREE)) return undefined
  return isFree
    ? `This key is of DeepL API Free (it ends with :fx) and holds at ${FREE} alone: choose that address.`
    : `This key is not of DeepL API Free (it does not end with :fx), and holds at the other addresses alone: choose ${deepl.baseUrl}, or the one that your contract names.`
}

/** Used and allowed characters of the period: of the account, and of the key where it has a limit of its own. */
function readUsage(answer: unknown): CheckedKey {
  const body = objectOf(answer)
  const used = countOf(body?.['character_count'])
  const limit = countOf(body?.['character_limit'])
  if (used === undefined || limit === undefined) return 'elsewhere'
  const usedByKey = countOf(body?.['api_key_character_count'])
  const limitOfKey = countOf(body?.['api_key_character_limit'])
  const isKeyUsedUp = usedByKey !== undefined && limitOfKey !== undefined && usedByKey >= limitOfKey
  return used >= limit || isKeyUsedUp ? 'no_credit' : 'ok'
}

const countOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined)

function readLanguages(body: unknown): readonly OfferedLanguage[] | undefined {
  if (!Array.isArray(body)) return undefined
  return body.map(objectOf).flatMap((language) => {
    const code = textOf(language?.['lang'])
    const name = textOf(language?.['name'])
    if (code === undefined || name === undefined) return []
    const features = objectOf(language?.['features'])
    return defined<OfferedLanguage>({
      code,
      name,
      isSource: language?.['usable_as_source'] === true,
      isTarget: language?.['usable_as_target'] === true,
      hasFormality: features ? features['formality'] !== undefined : undefined,
    })
  })
}
