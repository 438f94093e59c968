import { type Quality, type QualityFinding, type QualityPart, type QualityPartName, QUALITY_WEIGHTS } from '../../contract/quality.ts'
import { isEmptyValue } from '../current.ts'
import { normaliseName } from '../formats/guess.ts'
import { picturesOf } from '../pictures.ts'
import { foldText, textsOf } from '../words.ts'
import { completenessOf, type MeasuredProduct, type MeasuredValue, placesOf, servesLocale } from './completeness.ts'
import { misfitOf } from './fit.ts'
import { isGtin } from './gtin.ts'
import { familyOf, type Structure } from './model.ts'
import { isPicture, picturesIn, withoutMarkup } from './read-value.ts'

/** What else is known of a product: which of its attributes its source's list shows, and whether a flagged value waits at it. */
export interface KnownOfProduct {
  readonly name: string | null
  readonly picture: string | null
  readonly flagged: boolean
}

const TITLE_CHARACTERS = { least: 15, most: 150 }
const DESCRIPTION_WORDS = 40
const MOST_NAMES = 10
const TEXT_TYPES = new Set(['text', 'long_text', 'html'])

const DESCRIPTION =
  /\b(description|beschreibung|langtext|descriptif|descripcion|descrizione|descricao|omschrijving|beskrivelse|kuvaus|opis|popis|описание|body|summary|说明|描述)\b/u
const SHORT = /\b(short|kurz|meta|seo|courte|corta|breve|korte|kort|variation|pdf)\b/
const GTIN = /\b(gtin\d*|ean\d*|upc|barcode|isbn)\b/
const PLACEHOLDER =
  /^(?:tbd|tba|todo|to do|n ?\/ ?a|null|undefined|nan|xxx+|test|dummy|placeholder|unknown|coming soon|\?+|-+|\.+|lorem ipsum.*|description|product name|no description|keine angabe|k\.? ?a\.?|a completer|sin descripcion)$/i

/** A product's quality, 0 to 100: the weighted mean of its parts, each with what was found. */
export function qualityOf(structure: Structure, product: MeasuredProduct, shown: KnownOfProduct): Quality {
  const looked = { structure, product, shown, filled: product.values.filter(({ value }) => !isEmptyValue(value)) }
  const parts = PARTS.flatMap(([part, look]): QualityPart[] => {
    const found = look(looked)
    if (!found) return []
    const { share, finding, count = 0, names = [] } = found
    const each = { part, weight: QUALITY_WEIGHTS[part], share: Math.min(1, Math.max(0, share)) }
    return [{ ...each, finding: finding ?? 'good', count, names: [...new Set(names)].slice(0, MOST_NAMES) }]
  })
  const weights = parts.reduce((sum, { weight }) => sum + weight, 0)
  const points = parts.reduce((sum, { weight, share }) => sum + weight * share, 0)
  return { score: Math.round((100 * points) / weights), parts }
}

interface Roles {
  readonly describes: boolean
  readonly identifies: boolean
}

const rolesByName = new Map<string, Roles>()
const MOST_REMEMBERED = 20_000

/** What an attribute's name says it is for; a catalogue asks for the same few names a million times. */
function rolesOf(attribute: string): Roles {
  const known = rolesByName.get(attribute)
  if (known) return known
  const name = normaliseName(attribute)
  const roles = { describes: DESCRIPTION.test(name) && !SHORT.test(name), identifies: GTIN.test(name) }
  if (rolesByName.size >= MOST_REMEMBERED) rolesByName.clear()
  rolesByName.set(attribute, roles)
  return roles
}

interface Looked {
  readonly structure: Structure
  readonly product: MeasuredProduct
  readonly shown: KnownOfProduct
  readonly filled: readonly MeasuredValue[]
}

interface Found {
  readonly share: number
  readonly finding?: QualityFinding // absent: good
  readonly count?: number
  readonly names?: readonly string[]
}

const PARTS: readonly (readonly [QualityPartName, (looked: Looked) => Found | undefined])[] = [
  ['title', lookAtTitle],
  ['description', lookAtDescription],
  ['picture', lookAtPictures],
  ['required', lookAtRequired],
  ['fitting', lookAtTypes],
  ['identifier', lookAtIdentifiers],
  ['locales', lookAtLocales],
  ['capitals', lookAtCapitals],
  ['placeholders', lookAtPlaceholders],
  ['review', ({ shown }) => (shown.flagged ? { share: 0, finding: 'flagged_waiting' } : { share: 1 })],
]

const textOf = (value: unknown): string => withoutMarkup(textsOf(value).join(' '))

function lookAtTitle({ structure, product, shown, filled }: Looked): Found {
  const attribute = familyOf(structure, product.family)?.labelAttribute ?? shown.name
  const titles = filled.filter((entry) => entry.attribute === attribute).map(({ value }) => textOf(value))
  const worst = titles.map(judgeTitle).sort((a, b) => a.share - b.share)[0]
  return worst ?? { share: 0, finding: 'title_missing' }
}

function judgeTitle(title: string): Found {
  const count = title.length
  if (count < TITLE_CHARACTERS.least) return { share: 0.2 + (0.6 * count) / TITLE_CHARACTERS.least, finding: 'title_short', count }
  if (count > TITLE_CHARACTERS.most) return { share: 0.6, finding: 'title_long', count }
  if (isShouted(title) || /[!?]{2,}|\s[,;]|^\W*$|[★☆►♥]/u.test(title)) return { share: 0.5, finding: 'title_form', count }
  return { share: 1, count }
}

function lookAtDescription({ structure, filled }: Looked): Found {
  const isText = (attribute: string): boolean => TEXT_TYPES.has(structure.attributes.get(attribute)?.type ?? 'text')
  const described = filled.filter(({ attribute }) => rolesOf(attribute).describes && isText(attribute))
  if (described.length === 0) return { share: 0, finding: 'description_missing' }
  const words = Math.min(...described.map(({ value }) => wordCount(textOf(value))))
  return words >= DESCRIPTION_WORDS
    ? { share: 1, count: words }
    : { share: 0.2 + (0.8 * words) / DESCRIPTION_WORDS, finding: 'description_short', count: words }
}

/** Scripts that put no blanks between words are counted by what a word takes up there. */
function wordCount(text: string): number {
  const unspaced = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length + Math.floor(unspaced / 2)
}

function lookAtPictures({ structure, product, shown, filled }: Looked): Found {
  const named = new Set([familyOf(structure, product.family)?.imageAttribute, shown.picture])
  const isOf = (attribute: string): boolean => named.has(attribute) || structure.attributes.get(attribute)?.type === 'image'
  const count = filled.filter(({ attribute }) => isOf(attribute)).reduce((sum, { value }) => sum + picturesAt(value), 0)
  return count > 0 ? { share: 1, count } : { share: 0, finding: 'picture_missing' }
}

const picturesAt = (value: unknown): number =>
  Math.max(picturesOf(value).length, picturesIn(value).filter((picture) => isPicture(picture)).length)

function lookAtRequired({ structure, product }: Looked): Found | undefined {
  const standings = completenessOf(structure, product)
  if (standings.length === 0) return undefined
  const required = standings.reduce((sum, standing) => sum + standing.required, 0)
  const missing = standings.reduce((sum, standing) => sum + standing.missing.length, 0)
  const names = standings.flatMap((standing) => standing.missing)
  return missing === 0 ? { share: 1 } : { share: 1 - missing / required, finding: 'required_missing', count: new Set(names).size, names }
}

function lookAtTypes({ structure, filled }: Looked): Found | undefined {
  const typed = filled.filter(({ attribute }) => structure.attributes.has(attribute))
  if (typed.length === 0) return undefined
  const misfits = typed.filter(({ attribute, value }) => misfitOf(structure.attributes.get(attribute)!, value) !== undefined)
  if (misfits.length === 0) return { share: 1 }
  // One value of fifty that does not fit is a fault of its own, not two percent of one.
  return { share: Math.max(0, 0.5 - misfits.length / typed.length), finding: 'misfits', count: misfits.length, names: namesOf(misfits) }
}

function lookAtIdentifiers({ structure, filled }: Looked): Found | undefined {
  const codes = filled.filter(({ attribute }) => rolesOf(attribute).identifies)
  if (codes.length === 0) return asksForGtin(structure) ? { share: 0, finding: 'identifier_missing' } : undefined
  const wrong = codes.filter(
    ({ value }) =>
      !textsOf(value)
        .flatMap((text) => text.split(/[,;|]/))
        .every((code) => isGtin(code.trim())),
  )
  return wrong.length === 0 ? { share: 1 } : { share: 0, finding: 'identifier_wrong', count: wrong.length, names: namesOf(wrong) }
}

const gtinAsked = new WeakMap<Structure, boolean>()

function asksForGtin(structure: Structure): boolean {
  const asked = gtinAsked.get(structure) ?? [...structure.attributes.keys()].some((attribute) => rolesOf(attribute).identifies)
  gtinAsked.set(structure, asked)
  return asked
}

/** Whether what is written in one of the channels' languages is written in the others. */
function lookAtLocales({ structure, filled }: Looked): Found | undefined {
  const locales = [...new Set(placesOf(structure).flatMap(({ locale }) => locale ?? []))]
  if (locales.length < 2) return undefined
  const localised = Map.groupBy(
    filled.filter(({ attribute, locale }) => locale !== null && structure.attributes.get(attribute)?.localisable),
    ({ attribute }) => attribute,
  )
  if (localised.size === 0) return { share: 0, finding: 'locales_missing', count: locales.length, names: locales }
  const missing = [...localised.values()].flatMap((values) =>
    locales.filter((wanted) => !values.some(({ locale }) => servesLocale(locale!, wanted))),
  )
  if (missing.length === 0) return { share: 1 }
  return {
    share: 1 - missing.length / (localised.size * locales.length),
    finding: 'locales_missing',
    count: new Set(missing).size,
    names: missing,
  }
}

const LEAST_SHOUTED = 18 // characters: fifteen letters in four words

const isProse = ({ structure }: Looked, { attribute, value }: MeasuredValue): boolean =>
  typeof value === 'string' && TEXT_TYPES.has(structure.attributes.get(attribute)?.type ?? 'text')

/** More than three words of which nearly every letter is a capital: codes and short names may be. */
function isShouted(text: string): boolean {
  if (text.length < LEAST_SHOUTED) return false
  const letters = text.match(/[\p{Lu}\p{Ll}]/gu) ?? []
  const capitals = text.match(/\p{Lu}/gu) ?? []
  return letters.length >= 15 && text.trim().split(/\s+/).length > 3 && capitals.length > letters.length * 0.9
}

function lookAtCapitals(looked: Looked): Found {
  const shouted = looked.filled.filter((entry) => isProse(looked, entry) && isShouted(textOf(entry.value)))
  return shouted.length === 0 ? { share: 1 } : { share: 0, finding: 'capitals', count: shouted.length, names: namesOf(shouted) }
}

function lookAtPlaceholders(looked: Looked): Found {
  const empty = looked.filled.filter((entry) => isProse(looked, entry) && PLACEHOLDER.test(foldText(textOf(entry.value)).trim()))
  return empty.length === 0 ? { share: 1 } : { share: 0, finding: 'placeholders', count: empty.length, names: namesOf(empty) }
}

const namesOf = (values: readonly MeasuredValue[]): string[] => values.map(({ attribute }) => attribute)
