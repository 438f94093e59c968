import { describe, expect, it } from 'vitest'
import { defaultRecipe } from './default-recipe.ts'
import { maxOutputTokens, outputSchema } from './output-schema.ts'
import { parseRecipe } from './read-recipe.ts'

const everything = parseRecipe(`
fields:
  - { name: title, type: text, characters: { max: 50 } }
  - { name: note, type: text, required: false }
  - { name: use, type: select, values: [Office, Home] }
  - { name: grade, type: select, values: [A, B], required: true }
  - { name: watts, type: number }
  - { name: free, type: attributes }
  - { name: named, type: attributes, names: [Colour, { name: Size, allowed: [S, M] }] }
`)

/** OpenAI strict mode: every object closed, every property required, only the keywords that all strict modes take. */
function checkStrict(schema: unknown, path = '$'): void {
  expect(schema, path).toBeTypeOf('object')
  const node = schema as Record<string, unknown>
  for (const keyword of Object.keys(node))
    expect(['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'description'], `${path}.${keyword}`).toContain(
      keyword,
    )
  if ([node['type']].flat().includes('object')) {
    expect(node['additionalProperties'], path).toBe(false)
    const properties = node['properties'] as Record<string, unknown>
    expect(node['required'], path).toEqual(Object.keys(properties))
    for (const [name, property] of Object.entries(properties)) checkStrict(property, `${path}.${name}`)
  }
  if ([node['type']].flat().includes('array')) checkStrict(node['items'], `${path}[]`)
}

describe('the answer’s schema', () => {
  it('is strict, for one product and for several', () => {
    checkStrict(outputSchema(everything))
    checkStrict(outputSchema({ ...everything, perCall: 10 }))
    expect(outputSchema({ ...everything, perCall: 10 })).toMatchObject({
      properties: { products: { items: { required: ['id', 'title', 'note', 'use', 'grade', 'watts', 'free', 'named'] } } },
    })
  })

  it('is null where a value may be unknown, and only there', () => {
    expect(outputSchema(everything)['properties']).toMatchObject({
      title: { type: 'string' },
      note: { type: ['string', 'null'] },
      use: { type: ['string', 'null'], enum: ['Office', 'Home', null] },
      grade: { type: 'string', enum: ['A', 'B'] },
      watts: { type: ['number', 'null'] },
      named: { properties: { Colour: { type: ['string', 'null'] }, Size: { enum: ['S', 'M', null] } } },
    })
  })
})

describe('the bound on an answer', () => {
  it('grows with products, lengths and thinking', () => {
    const recipe = defaultRecipe({ fields: ['title', 'description', 'attributes'] })
    const one = maxOutputTokens({ recipe, k: 1 })
    // Measured answers of this shape have 223 tokens on average; with the makers' own full texts, 382.
    expect(one).toBeGreaterThan(2 * 382)
    expect(one).toBeLessThan(4_000)
    expect(maxOutputTokens({ recipe, k: 10 })).toBeGreaterThan(9 * one - 1_000)
    expect(maxOutputTokens({ recipe, k: 1, reasoningTokens: 500 })).toBe(one + 500)
    expect(maxOutputTokens({ recipe: { ...recipe, locale: 'ja' }, k: 1 })).toBeGreaterThan(one)
    expect(maxOutputTokens({ recipe: parseRecipe('fields: [{ name: a, type: text }]'), k: 1 })).toBeGreaterThan(1_000)
  })
})
