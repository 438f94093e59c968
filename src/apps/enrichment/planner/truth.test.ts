import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../../test/support/shared.ts'
import { recipeSchema } from '../../../contract/recipe.ts'
import type { OptionList } from '../../../catalogue/structure/option-lists.ts'
import { createLearner } from './learn.ts'
import { createRules } from './rules.ts'
import { withLists } from './target-lists.ts'
import { ruleTargets } from './targets.ts'

/**
 * Attribute truth: an attribute whose value is known is hidden, and rules alone look for it. Each product is answered by rules
 * that learned from others. Two values are the same when their letters, digits and "+" are.
 */
const PRECISION = 0.98

interface Tally {
  known: number
  found: number
  right: number
}

const same = (a: unknown, b: string): boolean => letters(String(a)) === letters(b) || (Number(a) === Number(b) && /\d/.test(b))
const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}+]+/gu, '')

const recipeFor = (attribute: string, allowed?: readonly string[]) =>
  recipeSchema.parse({ fields: [{ name: 'attributes', type: 'attributes', names: [allowed ? { name: attribute, allowed } : attribute] }] })

function report(what: string, { known, found, right }: Tally): void {
  process.stdout.write(
    `${what}: of ${known} known values rules found ${found}, ${right} right; precision ${(right / found).toFixed(4)}, recall ${(right / known).toFixed(3)}\n`,
  )
}

describeShared('rules alone, against what is known', () => {
  const products = () =>
    parse<Record<string, string>>(readFileSync(sharedPath('data/icecat/products-10k.csv')), { columns: true, bom: true }).map((row) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value.trim() !== '')),
    )

  /** Half of the products teach, the other half are asked, and the other way round. */
  function icecat(attribute: string, listed: (rows: readonly Record<string, string>[]) => OptionList[] = () => []): Tally {
    const recipe = recipeFor(attribute)
    const rows = products()
    const lists = listed(rows)
    const targets = withLists(ruleTargets(recipe), lists)
    const tally = { known: 0, found: 0, right: 0 }
    for (const half of [0, 1]) {
      const learner = createLearner(targets)
      for (const [index, row] of rows.entries()) if (index % 2 !== half) learner.add(row)
      const rules = createRules(recipe, learner.learned(), targets)
      for (const [index, row] of rows.entries()) {
        const { [attribute]: truth, ...hidden } = row
        if (index % 2 !== half || truth === undefined) continue
        tally.known += 1
        const answer = rules.answer(hidden).get(`attributes/${attribute}`)
        if (!answer) continue
        tally.found += 1
        if (same(answer.value, truth)) tally.right += 1
      }
    }
    report(`Icecat ${attribute}${lists.length > 0 ? ', listed by the structure' : ''}`, tally)
    return tally
  }

  it.each([
    ['product_colour', 0.35],
    ['cable_colour', 0.65],
    ['printing_colours', 0.7],
    ['cable_length', 0.22],
    ['brand', 0.8],
  ])('finds %s of Icecat products, and hardly ever a wrong one', (attribute, recall) => {
    const { known, found, right } = icecat(attribute)
    expect(right / found).toBeGreaterThanOrEqual(PRECISION)
    expect(right / known).toBeGreaterThanOrEqual(recall)
  })

  it('finds colours that the structure lists with codes and labels in three languages', () => {
    const { known, found, right } = icecat('product_colour', (rows) => {
      const names = new Set(rows.flatMap(({ product_colour: colour }) => (colour === undefined || colour.includes(',') ? [] : [colour])))
      const others: Record<string, Record<string, string>> = {
        Black: { de: 'Schwarz', fr: 'Noir' },
        White: { de: 'Weiß', fr: 'Blanc' },
        Gold: { de: 'Gold', fr: 'Or' },
        Red: { de: 'Rot', fr: 'Rouge' },
      }
      const options = [...names].map((en) => ({ code: `c_${en.toLowerCase()}`, labels: { en, ...others[en] } }))
      return [{ attribute: 'product_colour', labels: {}, several: false, options }]
    })
    expect(right / found).toBeGreaterThanOrEqual(PRECISION)
    expect(right / known).toBeGreaterThanOrEqual(0.25)
  })

  interface Labelled {
    readonly input: string
    readonly category: string
    readonly target_scores: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
  const valuesOf = (offer: Labelled, attribute: string): string[] =>
    Object.keys(offer.target_scores[attribute] ?? {}).filter((value) => value !== 'n/a')

  it.each([
    ['ae-110k', 0.6],
    ['oa-mine', 0.75],
  ])('finds the labelled attributes of %s among the values that each may have', (set, recall) => {
    const offers = readFileSync(sharedPath(`data/gold/data/processed_datasets/${set}/train_0.2.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Labelled)
    const tally = { known: 0, found: 0, right: 0 }
    for (const ofCategory of Map.groupBy(offers, ({ category }) => category).values()) {
      for (const attribute of new Set(ofCategory.flatMap((offer) => Object.keys(offer.target_scores)))) {
        const allowed = [
          ...new Map(ofCategory.flatMap((offer) => valuesOf(offer, attribute)).map((value) => [value.toLowerCase(), value])).values(),
        ]
        if (allowed.length === 0) continue
        const recipe = recipeFor(attribute, allowed)
        const rules = createRules(recipe, createLearner(ruleTargets(recipe)).learned())
        for (const offer of ofCategory) {
          const truth = valuesOf(offer, attribute)
          if (truth.length === 0) continue
          tally.known += 1
          const answer = rules.answer({ title: offer.input }).get(`attributes/${attribute}`)
          if (!answer) continue
          tally.found += 1
          if (truth.some((value) => same(answer.value, value))) tally.right += 1
        }
      }
    }
    report(set, tally)
    expect(tally.right / tally.found).toBeGreaterThanOrEqual(PRECISION)
    expect(tally.right / tally.known).toBeGreaterThanOrEqual(recall)
  })
})
