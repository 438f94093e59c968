import { defined, objectOf, textOf } from '../../base/json.ts'
import type { MeteredUsage, Protocol, UsageReader } from '../wire-protocol.ts'
import { classify, type ErrorRule } from './classify.ts'
import { createCountReader } from './counts.ts'

/**
 * Usage of DeepL's translations: the sum of `billed_characters`, Unicode code points of the source without what is not
 * charged (tags, context). It is there only when it was asked for; where any translation lacks it, the usage is unknown
 * here, and counted by who sent the texts. It streams nothing.
 * @see https://developers.deepl.com/api-reference/translate
 */
const deeplUsage: UsageReader = {
  whole: metered,
  stream: () => {
    let last: unknown
    return {
      push: (event) => {
        last = event
      },
      end: () => metered(last),
    }
  },
}

function metered(body: unknown): MeteredUsage {
  const list = objectOf(body)?.['translations']
  const translations = Array.isArray(list) ? list.map(objectOf) : []
  const types = new Set(translations.map((one) => textOf(one?.['model_type_used'])))
  const about = defined<Partial<MeteredUsage>>({ servedModel: types.size === 1 ? [...types][0] : undefined })
  if (translations.length === 0) return { usage: undefined, source: 'reported', doubt: 'the answer has no translations', ...about }
  const counts = createCountReader()
  const billed = translations.map((one) => counts.required(one, 'billed_characters'))
  const raw = { billed_characters: translations.map((one) => one?.['billed_characters'] ?? null) }
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, raw, ...about }
  return { usage: { characters: billed.reduce((sum, one) => sum + one, 0) }, source: 'reported', raw, ...about }
}

const RULES: readonly ErrorRule[] = [
  // a valid key that lacks a scope, or a region that its contract does not have; else a 403 is a bad key
  ({ status, message }) =>
    status === 403 && /scope|addendum|not (?:allowed|permitted)|permission/i.test(message) ? 'provider.no_permission' : undefined,
  ({ status }) => (status === 403 ? 'provider.bad_key' : undefined),
  ({ status }) => (status === 456 ? 'provider.no_credit' : undefined), // the quota of the period, or of the key, is used up
]

/** DeepL's translation of texts. @see https://developers.deepl.com/docs/best-practices/error-handling */
export const deepl: Protocol = {
  id: 'deepl-translate',
  usage: deeplUsage,
  classifyError: (answer) => classify(answer, RULES),
  // an error has a status of its own
  classifyBodyError: () => undefined,
}
