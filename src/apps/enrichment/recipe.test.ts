import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../base/errors.ts'
import { BUILT_IN_FIELDS, chooseFields, defaultRecipe } from './default-recipe.ts'
import { parseRecipe, readRecipe } from './read-recipe.ts'
import { recipeJsonSchema } from '../../contract/recipe.ts'
import { recipeHash, workHash } from './work-hash.ts'

const ROOT = new URL('../../../', import.meta.url)

/** The error's text; fails when there is none. */
function refusal(text: string): string {
  try {
    parseRecipe(text, 'my.yaml')
  } catch (error) {
    if (error instanceof AppError && error.code === 'recipe.invalid') return error.detail
    throw error
  }
  throw new Error('the recipe was accepted')
}

const title = '  - name: title\n    type: text\n'

describe('a recipe file', () => {
  it('is the same in YAML and in JSON, with defaults filled in', () => {
    const yaml = parseRecipe(`locale: de\nfields:\n${title}    characters: { max: 80 }\n`)
    const json = parseRecipe('{"locale":"de","fields":[{"name":"title","type":"text","characters":{"max":80}}]}')
    expect(yaml).toEqual(json)
    expect(yaml).toMatchObject({ perCall: 1, show: { maxAttributes: 25 }, fields: [{ required: true, paragraphs: false }] })
  })

  it.each([
    ['an unknown key, by line, path and the key that was meant', `fields:\n${title}perCal: 5\n`, /line 4: perCal .*did you mean "perCall"/],
    [
      'a wrong type inside a field',
      `fields:\n${title}    characters:\n      max: many\n`,
      /line 5: fields\[0\]\.characters\.max must be of type (?:int|number), but is of type string/,
    ],
    ['a number out of bounds', `perCall: 500\nfields:\n${title}`, /line 1: perCall must be at most 50/],
    ['a missing part', 'locale: en\n', /fields is missing/],
    ['no field', 'fields: []\n', /line 1: fields must have at least 1/],
    ['min above max', `fields:\n${title}    words: { min: 9, max: 3 }\n`, /line 4: fields\[0\]\.words min is larger than max/],
    ['two fields of one name', `fields:\n${title}${title}`, /line 4: fields\[1\]\.name another field has this name/],
    [
      'two fields for one column',
      `fields:\n${title}  - name: other\n    type: text\n    column: Title\n`,
      /line 6: fields\[1\]\.column another field writes to this column/,
    ],
    ['a reserved name', 'fields:\n  - name: id\n    type: text\n', /"id" is a reserved name/],
    ['a field type that does not exist', 'fields:\n  - name: a\n    type: html\n', /line \d: fields\[0\]/],
    ['a language that is none', `locale: not a language\nfields:\n${title}`, /line 1: locale must be a language tag/],
    ['a key given twice', `locale: en\nlocale: de\nfields:\n${title}`, /line 2: .*unique/i],
    ['broken YAML', `fields:\n  - name: "title\n    type: text\n`, /line \d+: .*quote/i],
    ['a tag that asks for code', `fields: !!js/function 'x'\n`, /line 1/],
    ['a glossary entry without a rule', `glossary:\n  - term: cheap\nfields:\n${title}`, /line 2: glossary\[0\] needs either "use"/],
    ['an empty file', '', /must be a set of keys and values/],
    ['__proto__', `__proto__: { a: 1 }\nfields:\n${title}`, /__proto__/],
  ])('is refused for %s', (_, text, expected) => {
    expect(refusal(text)).toMatch(expected)
  })

  it('is refused when it grows by its own aliases, or is too large', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`),
    ].join('\n')
    expect(refusal(bomb)).toMatch(/aliases/)
    expect(refusal(`# ${'x'.repeat(600_000)}`)).toMatch(/longer than/)
  })

  it('lists at most five problems and says where help is', () => {
    const detail = refusal(`fields:\n${title}${Array.from({ length: 9 }, (_, index) => `wrong${index}: 1\n`).join('')}`)
    expect(detail).toMatch(/^my\.yaml: .*; and 4 more\. .*docs\/guides\/recipes\.md/)
  })

  it('that cannot be read says so', async () => {
    await expect(readRecipe('/nowhere/recipe.yaml')).rejects.toMatchObject({ code: 'file.unreadable' })
  })
})

describe('the recipes that come with Latchkey', () => {
  const files = readdirSync(new URL('recipes/', ROOT))
  it.each(files)('%s is valid', async (file) => {
    const recipe = await readRecipe(new URL(`recipes/${file}`, ROOT).pathname)
    expect(recipe.fields.length).toBeGreaterThan(0)
  })

  it('and the guide’s own examples are valid', () => {
    const guide = readFileSync(new URL('docs/guides/recipes.md', ROOT), 'utf8')
    const examples = [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text!).filter((text) => text.includes('fields:'))
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect(parseRecipe(example).fields.length).toBeGreaterThan(0)
  })

  it('recipe.schema.json is the schema that recipes are checked with (write it anew from recipeJsonSchema() after a change)', () => {
    const file = JSON.parse(readFileSync(new URL('recipe.schema.json', import.meta.url), 'utf8')) as unknown
    expect(file).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())))
  })
})

describe('--fields without a recipe', () => {
  it('has rules for each built-in field', () => {
    expect(defaultRecipe({ fields: BUILT_IN_FIELDS, locale: 'fr' }).fields.map(({ name }) => name)).toEqual(BUILT_IN_FIELDS)
    const [first] = defaultRecipe({ fields: ['title'] }).fields
    expect(first).toMatchObject({ type: 'text', characters: { max: 150 } })
  })

  it.each([
    [['desciption'], /no built-in rules.*desciption.*title, description/],
    [['title', 'title'], /each field once/],
    [[], /at least one field/],
  ])('refuses %j', (fields, expected) => {
    expect(() => defaultRecipe({ fields })).toThrow(expected)
  })

  it('refuses a language that is none, and a field that a recipe does not have', () => {
    expect(() => defaultRecipe({ fields: ['title'], locale: 'deutsch!' })).toThrow(/language tag/)
    const recipe = defaultRecipe({ fields: ['title', 'description'] })
    expect(chooseFields(recipe, ['description']).fields).toHaveLength(1)
    expect(() => chooseFields(recipe, ['price'])).toThrow(/no field "price".*title, description/)
  })
})

describe('recipeHash', () => {
  const base = parseRecipe(`fields:\n${title}`)
  it('changes with every rule, and only with rules', () => {
    const hash = recipeHash(base)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(recipeHash(parseRecipe(`name: other\nperCall: 7\nfields:\n${title}`))).toBe(hash)
    for (const change of [
      'locale: de\n',
      'tone: warm\n',
      'instructions: be short\n',
      'glossary: [{ term: a, use: b }]\n',
      'show: { maxAttributes: 3 }\n',
    ])
      expect(recipeHash(parseRecipe(`${change}fields:\n${title}`))).not.toBe(hash)
    for (const change of ['    characters: { max: 9 }\n', '    column: other\n', '    required: false\n', '    example: x\n'])
      expect(recipeHash(parseRecipe(`fields:\n${title}${change}`))).not.toBe(hash)
  })

  it('does not depend on the order of keys', () => {
    expect(recipeHash(parseRecipe('fields:\n  - type: text\n    name: title\n'))).toBe(recipeHash(base))
  })

  it('workHash changes with what is shown, the recipe, the model, the destination and the language', () => {
    const work = {
      recipe: base,
      shown: 'title: a',
      provider: 'openai',
      model: 'm',
      destination: { baseUrl: 'https://a.example' },
      locale: 'en',
    }
    const hash = workHash(work)
    expect(workHash({ ...work, recipe: { ...base, perCall: 9 } })).toBe(hash)
    expect(workHash({ ...work, recipe: { ...base, show: { ...base.show, exclude: ['never there'] } } })).toBe(hash)
    for (const change of [
      { shown: 'title: b' },
      { provider: 'x' },
      { model: 'x' },
      { destination: { baseUrl: 'https://b.example' } },
      { locale: 'de' },
      { recipe: { ...base, tone: 'warm' } },
    ])
      expect(workHash({ ...work, ...change })).not.toBe(hash)
  })
})
