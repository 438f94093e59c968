import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { practiceAnswer } from '../../providers/practice-writer.ts'
import { practiceTokens, tokenCounter } from '../../providers/tokenizers.ts'
import { flagValue } from './checks.ts'
import { defaultRecipe } from './default-recipe.ts'
import { outputSchema } from './output-schema.ts'
import { predictOutput } from './predict-output.ts'
import { composePrompt, recordBlock, systemPrompt } from './prompt.ts'
import { readAnswer } from './read-answer.ts'
import { readRecipe } from './read-recipe.ts'
import { localeOf, type Recipe } from '../../contract/recipe.ts'
import { workInput } from './show.ts'

type Values = Record<string, unknown>

describeShared('on real products', () => {
  const small = (): Values[] =>
    parse<Record<string, string>>(readFileSync(sharedPath('data/icecat/products-10k.csv')), { columns: true, bom: true }).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== '')),
    )
  const full = (): Values[] =>
    readFileSync(sharedPath('data/icecat/products-2k-full.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Values)

  /** Every product through prompt, practice answer, reading and flags. */
  function run(recipe: Recipe, products: readonly Values[]): { problems: string[]; flags: string[]; outputTokens: number } {
    const schema = outputSchema(recipe)
    const problems: string[] = []
    const flags: string[] = []
    let outputTokens = 0
    for (let at = 0; at < products.length; at += recipe.perCall) {
      const prompt = composePrompt({
        recipe,
        products: products.slice(at, at + recipe.perCall).map((values, offset) => ({ id: String(at + offset), values })),
      })
      const text = practiceAnswer({ userText: prompt.user, schema })
      outputTokens += practiceTokens(text)
      for (const product of readAnswer({ text, recipe, ids: prompt.ids }).products) {
        problems.push(...product.problems.map(({ field, detail }) => `${product.id} ${field} ${detail}`))
        for (const field of recipe.fields) {
          const value = product.values[field.name] ?? null
          if (value === null) continue
          const found = flagValue({ value, productValues: products[Number(product.id)]!, locale: localeOf(recipe, field) })
          flags.push(...found.map(({ text: words }) => `${product.id} ${field.name} ${words}`))
        }
      }
    }
    return { problems, flags, outputTokens }
  }

  const recipe = defaultRecipe({ fields: ['title', 'description', 'attributes'], locale: 'en' })

  it('practice answers for 10,000 products pass every rule and raise no flag', () => {
    const products = small()
    expect(products).toHaveLength(10_000)
    const { problems, flags, outputTokens } = run(recipe, products)
    expect(problems).toEqual([])
    expect(flags).toEqual([])
    const { low, high } = predictOutput(recipe)
    expect(outputTokens / products.length).toBeGreaterThan(low)
    expect(outputTokens / products.length).toBeLessThan(high)
  })

  it.each(['office-supplies.yaml', 'german-shop.yaml', 'search-listing.json'])('and by the recipe %s, several a call', async (file) => {
    const own = await readRecipe(new URL(`../../../recipes/${file}`, import.meta.url).pathname)
    // Supplier texts hold words that the recipe avoids, which practice copies: those alone may fail.
    const { problems, flags } = run({ ...own, perCall: 7 }, full())
    expect(problems.filter((problem) => !problem.includes('must not be written'))).toEqual([])
    expect(flags).toEqual([])
  })

  it('a compact record takes about a third of the tokens of raw JSON, as catalogue.md measured', async () => {
    const { count } = await tokenCounter('openai', 'gpt-4o-mini')
    const products = full()
    const mean = (text: (values: Values) => string): number =>
      products.reduce((sum, values) => sum + count(text(values)), 0) / products.length
    const pretty = mean((values) => JSON.stringify(values, null, 2))
    const shown = mean((values) => workInput(values, recipe))
    // These 2,000 have 526 and 175. Measured there on all 19,406: 500 raw, 157 with logistics dropped and at most 25 attributes.
    expect(pretty).toBeGreaterThan(400)
    expect(shown).toBeGreaterThan(120)
    expect(shown).toBeLessThan(200)
  })

  it('records counted one by one are the prompt counted as a whole', async () => {
    const { count } = await tokenCounter('openai', 'gpt-4o-mini')
    const several = { ...recipe, perCall: 10 }
    for (let at = 0; at < 200; at += 10) {
      const products = full()
        .slice(at, at + 10)
        .map((values, index) => ({ id: String(index), values }))
      const { user, system } = composePrompt({ recipe: several, products })
      const apart = products.reduce((sum, { values }, index) => sum + count(recordBlock(workInput(values, several), `p${index + 1}`)), 0)
      expect(Math.abs(count(user) - apart)).toBeLessThanOrEqual(products.length)
      expect(system).toBe(systemPrompt(several))
    }
  })
})
