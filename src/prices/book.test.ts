import { describe, expect, it } from 'vitest'
import { PRICED_PROVIDERS, checkedAt, loadBook, type LoadedBook, type PriceLine } from './book.ts'
import { priceBookSchema } from './book-schema.ts'
import { findPricesIn } from './match.ts'

const TODAY = '2026-11-20' // the day this book was last worked on; move it when the books move
const overlap = (a: PriceLine, b: PriceLine): boolean =>
  (a.validFrom ?? '') < (b.validTo ?? '9999') && (b.validFrom ?? '') < (a.validTo ?? '9999')

describe.each(PRICED_PROVIDERS)('the price book of %s', (provider) => {
  const book = loadBook(provider) as LoadedBook

  it('has the shape its schema describes', () => {
    const { linesByModel: _1, patterns: _2, aliasesByName: _3, factsById: _4, ...file } = book
    expect(priceBookSchema.parse(file)).toEqual(file)
  })

  it('says of everything where it comes from and when that was read, at the latest today', () => {
    const named = [...book.prices, ...book.aliases, ...book.models, ...book.sameInRegions]
    for (const { source } of named) for (const key of source.split('+')) expect(Object.keys(book.sources)).toContain(key)
    for (const { source } of named) {
      expect(checkedAt(book, source)).toMatch(/^\d{4}-\d{2}-\d{2}$/)
      expect(checkedAt(book, source) <= TODAY).toBe(true)
    }
  })

  it('takes no announcement for a fact: nothing begins after the day on which its source was read', () => {
    const early = book.prices.filter((line) => (line.validFrom ?? '') > checkedAt(book, line.source.split('+')[0]!))
    expect(early).toEqual([])
    expect(book.prices.filter((line) => line.validTo !== undefined && line.validTo <= (line.validFrom ?? ''))).toEqual([])
  })

  it('has one price for one model, unit, tier, region, currency, day and hour', () => {
    const keyed = Map.groupBy(book.prices, (line) =>
      JSON.stringify([line.model, line.serviceTier, line.batch, line.fromInputTokens, line.currency ?? book.currency, line.hours]),
    )
    const double: string[] = []
    for (const [key, lines] of keyed) {
      for (const [index, a] of lines.entries()) {
        for (const b of lines.slice(index + 1)) {
          const regions = a.regions ? a.regions.some((region) => b.regions?.includes(region)) : !b.regions
          if (regions && overlap(a, b))
            double.push(
              ...Object.keys(a.prices)
                .filter((unit) => unit in b.prices)
                .map((unit) => `${key} ${unit}`),
            )
        }
      }
    }
    expect(double).toEqual([])
  })

  it('resolves every alias to a model with prices, in one step', () => {
    for (const alias of book.aliases) {
      expect(book.linesByModel.has(alias.model), `${alias.alias} -> ${alias.model}`).toBe(true)
      expect(book.linesByModel.has(alias.alias), `${alias.alias} has prices of its own`).toBe(false)
      const day = new Date(alias.validTo ? Date.parse(alias.validTo) - 1 : Date.parse(alias.validFrom ?? TODAY))
      expect(findPricesIn(book, { provider, model: alias.alias, at: day })).toEqual(
        findPricesIn(book, { provider, model: alias.model, at: day }),
      )
    }
  })

  it('prices long context only where it prices the same conditions below it, and never lower', () => {
    for (const line of book.prices.filter((one) => one.fromInputTokens !== undefined)) {
      const below = book.prices.filter(
        (one) =>
          one.fromInputTokens === undefined &&
          one.model === line.model &&
          one.serviceTier === line.serviceTier &&
          one.batch === line.batch &&
          one.currency === line.currency &&
          one.regions?.join() === line.regions?.join() &&
          overlap(one, line),
      )
      expect(below.length, `${line.model} from ${line.fromInputTokens}`).toBeGreaterThan(0)
      for (const [unit, price] of Object.entries(line.prices)) {
        for (const one of below) expect(Number(price)).toBeGreaterThanOrEqual(Number(one.prices[unit as keyof typeof one.prices] ?? 0))
      }
    }
  })
})
