import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { literalsOf, sourceFiles, visit } from '../../../test/support/web-source.ts'
import { english } from './english.ts'

const LANGUAGES = ['en', 'fr', 'ar'] as const
type Language = (typeof LANGUAGES)[number]
interface Tree {
  readonly [key: string]: string | Tree
}

const AREAS = globSync('*.en.json', { cwd: import.meta.dirname })
  .map((file) => file.replace('.en.json', ''))
  .sort()
const readArea = (area: string, language: Language): Tree =>
  JSON.parse(readFileSync(join(import.meta.dirname, `${area}.${language}.json`), 'utf8')) as Tree

/** "progress.of" -> text, for every text of a tree. */
function flatten(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : flatten(value, `${path}${key}.`),
  )
}

const PLURAL = /_(zero|one|two|few|many|other)$/
const stemOf = (key: string): string => key.replace(PLURAL, '')
const placeholdersOf = (text: string): string[] => [...new Set([...text.matchAll(/\{\{(\w+)[^}]*\}\}/g)].map(([, name]) => name!))].sort()
const marksOf = (text: string): string[] => [...text.matchAll(/<\/?([a-z]\w*)\/?>/gi)].map(([mark]) => mark).sort()

it('has a line in english.ts for every area', () => {
  expect(Object.keys(english).sort()).toEqual(AREAS)
})

describe.each(AREAS)('texts of %s', (area) => {
  const texts = Object.fromEntries(LANGUAGES.map((language) => [language, new Map(flatten(readArea(area, language)))])) as Record<
    Language,
    Map<string, string>
  >
  const stems = (language: Language): string[] => [...new Set([...texts[language].keys()].map((key) => stemOf(key)))].sort()
  const pluralStems = [...texts.en.keys()].filter((key) => key.endsWith('_other')).map((key) => stemOf(key))

  it.each(['fr', 'ar'] as const)('are all there in %s, and no others', (language) => {
    expect(stems(language)).toEqual(stems('en'))
  })

  it.each(LANGUAGES)('have every plural form of %s', (language) => {
    const forms = [...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort()
    for (const stem of pluralStems) {
      const there = [...texts[language].keys()].filter((key) => stemOf(key) === stem).map((key) => PLURAL.exec(key)?.[1] ?? 'none')
      expect(there.toSorted(), `${area}.${stem} in ${language}`).toEqual(forms)
    }
  })

  it.each(['fr', 'ar'] as const)('say in %s what they say in English: the same placeholders and marks', (language) => {
    for (const [key, text] of texts[language]) {
      const source = texts.en.get(key) ?? texts.en.get(`${stemOf(key)}_other`)!
      const mayOmitCount = PLURAL.test(key) && !key.endsWith('_other') // "one", "two" and "none" are words
      const wanted = placeholdersOf(source).filter((name) => !mayOmitCount || name !== 'count' || placeholdersOf(text).includes('count'))
      expect(placeholdersOf(text), `${area}.${key} in ${language}`).toEqual(wanted)
      expect(marksOf(text), `${area}.${key} in ${language}`).toEqual(marksOf(source))
    }
  })

  it.each(LANGUAGES)(
    'are written in %s: no empty text, no loose spaces, no exclamation, numbers as the language groups them',
    (language) => {
      for (const [key, text] of texts[language]) {
        const name = `${area}.${key} in ${language}`
        expect(text.trim(), name).toBe(text)
        expect(text, name).not.toBe('')
        expect(text, name).not.toMatch(/!/)
        expect(text, name).not.toMatch(/\{\{count\}\}/)
      }
    },
  )
})

describe('keys', () => {
  const files = sourceFiles()
  const all = AREAS.flatMap((area) => flatten(readArea(area, 'en')).map(([key]) => `${area}.${stemOf(key)}`))
  const known = new Set(all)
  const begins = new RegExp(`^(?:${AREAS.join('|')})\\.`)
  const written = [...new Set(files.flatMap((file) => literalsOf(file.program)))].filter((text) => begins.test(text))
  const patterns = written.filter((text) => text.includes('\0'))
  const asPattern = (text: string): RegExp =>
    new RegExp(
      `^${text
        .split('\0')
        .map((part) => part.replaceAll('.', '\\.'))
        .join('[\\w-]+')}$`,
    )

  it('are all used', () => {
    const used = new Set(written)
    const byPattern = patterns.map(asPattern)
    expect([...known].filter((key) => !used.has(key) && !byPattern.some((pattern) => pattern.test(key)))).toEqual([])
  })

  it('are all there', () => {
    const missing: string[] = []
    for (const file of files) {
      visit(file.program, (node) => {
        if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 't') return
        const [key] = node.arguments
        if (key?.type === 'Literal' && !known.has(String(key.value))) missing.push(`${file.path}: ${String(key.value)}`)
        if (key?.type === 'TemplateLiteral') {
          const text = key.quasis.map((quasi) => quasi.value.cooked ?? '').join('\0')
          if (!all.some((one) => asPattern(text).test(one))) missing.push(`${file.path}: ${text.replaceAll('\0', '${…}')}`)
        }
      })
    }
    expect(missing).toEqual([])
  })
})
