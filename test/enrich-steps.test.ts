import { readFileSync, writeFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, makeInstallation } from './support/installation.ts'

/** Rules first and siblings, from the command line to what is kept: what a call was made for, and what was not. */
let installation: Installation
let file: string
let recipe: string
let out: string

const RECIPE = {
  fields: [
    { name: 'description', type: 'text', words: { min: 3, max: 80 } },
    { name: 'colour', type: 'select', values: ['Black', 'White', 'Red', 'Blue'], required: true },
  ],
}
const HEAD = 'sku,title,brand,material'
const ROWS = [
  'a1,Acme Comfort office chair Black,Acme,Leather',
  'a2,Acme Comfort office chair Red,Acme,Leather',
  'a3,Acme Comfort office chair Blue,Acme,Leather',
  'b1,Nordic garden table of oak,Nordic,Oak',
]

beforeAll(async () => {
  installation = await makeInstallation()
  file = installation.home.file('in.csv')
  recipe = installation.home.file('recipe.json')
  out = installation.home.file('out.csv')
  writeFileSync(recipe, JSON.stringify(RECIPE))
  writeFileSync(file, `${[HEAD, ...ROWS].join('\n')}\n`)
})
afterAll(() => installation?.remove())

const command = (...more: string[]): string[] => [
  file,
  '--out',
  out,
  '--recipe',
  recipe,
  '--provider',
  'practice',
  '--model',
  'practice-1',
  ...more,
]

it('asks for what is left, writes one of three chairs and fills in the others, and says what each value came from', async () => {
  const { report, code } = await installation.enrich(command())
  expect(code).toBe(0)
  expect(report).toMatchObject({ products: 4, succeeded: 4, failed: 0, calls: 2 }) // a chair, and the table
  const kept = await installation.rows(sql`
    select products.identifier, value_changes.attribute, value_changes.value #>> '{}' as value, provenance
    from value_changes join products on products.id = value_changes.product_id order by 1, 2`)
  const of = (identifier: string, attribute: string) =>
    kept.find((row) => row['identifier'] === identifier && row['attribute'] === attribute)!
  expect(of('a1', 'colour')).toMatchObject({
    value: 'Black',
    provenance: { kind: 'rule', rules: { '': { rule: 'option', source: 'title', words: 'Black' } } },
  })
  expect(of('a1', 'colour')['provenance']).not.toHaveProperty('callId')
  expect(of('a2', 'colour')).toMatchObject({ value: 'Red', provenance: { kind: 'rule' } })
  expect(of('b1', 'colour')).toMatchObject({ provenance: { kind: 'practice' } })
  const written = of('a1', 'description')
  expect(written).toMatchObject({ provenance: { kind: 'practice' } })
  const { callId } = written['provenance'] as { callId: string }
  expect(of('a2', 'description')).toMatchObject({
    value: String(written['value']).replaceAll('Black', 'Red').replaceAll('a1', 'a2'),
    provenance: { kind: 'practice', filledFrom: { callId } },
  })
  expect(of('a2', 'description')['provenance']).not.toHaveProperty('callId')
  expect(
    await installation.rows(sql`select position, leader, way, state, cost_nano::text as cost from run_items order by position`),
  ).toEqual([
    { position: 1, leader: null, way: null, state: 'done', cost: '0' },
    { position: 2, leader: 1, way: 'filled', state: 'done', cost: '0' },
    { position: 3, leader: 1, way: 'filled', state: 'done', cost: '0' },
    { position: 4, leader: null, way: null, state: 'done', cost: '0' },
  ])
  expect(readFileSync(out, 'utf8')).toContain('Red')
  // The practice provider is free: what its steps saved is counted, and comes to nothing.
  const { steps, saved } = report.savings!
  expect(saved).toEqual({ currency: 'USD', amount: '0' })
  expect(steps.map(({ step, quotedCount, count, values }) => [step, quotedCount, count, values])).toEqual([
    ['unchanged', 0, 0, null],
    ['rules', 3, 3, 3],
    ['siblings', 2, 2, null],
    ['caching', null, 0, null],
    ['cheapFirst', null, 0, null],
  ])
})

it('turning steps off or on makes nothing stale', async () => {
  const { report } = await installation.enrich(command('--no-rules', '--no-siblings'))
  expect(report).toMatchObject({ succeeded: 4, calls: 0 })
})

it('without the steps every product is asked about everything', async () => {
  writeFileSync(
    file,
    `${[HEAD, ...ROWS.map((row) => row.replace('Comfort', 'Ergo').replace('Nordic garden', 'Nordic dining'))].join('\n')}\n`,
  )
  const { report } = await installation.enrich(command('--no-rules', '--no-siblings'))
  expect(report).toMatchObject({ succeeded: 4, calls: 4 })
  const [last] = await installation.rows(sql`select count(*)::integer as count from value_changes where provenance ->> 'kind' = 'rule'`)
  expect(last).toEqual({ count: 3 }) // of the first run
})
