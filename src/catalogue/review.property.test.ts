import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import * as model from '../../test/support/review-model.ts'
import type { Locale, Model, Value } from '../../test/support/review-model.ts'
import { budgets, products, runs, valueChanges } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { recordGeneratedValues } from './changes.ts'
import { decide, decideAll } from './decide.ts'
import { editValue, restoreImported } from './edit.ts'
import { detectFormat } from './formats/detect.ts'
import { importFile } from './import.ts'
import { refreshCatalogueIndex } from './index.ts'
import { redo, undo } from './undo.ts'
import { currentValue } from './values.ts'

const PRODUCTS = 2
const PERSON = 'user:00000000-0000-7000-8000-00000000000a'

/** One thing that happens to a catalogue. Numbers choose among what is there, whatever its count. */
type Step =
  | { readonly kind: 'import'; readonly values: readonly Value[] }
  | { readonly kind: 'run'; readonly values: readonly Value[]; readonly state: 'accepted' | 'proposed' }
  | { readonly kind: 'edit'; readonly product: number; readonly locale: Locale; readonly value: Value }
  | { readonly kind: 'restore'; readonly product: number; readonly locale: Locale }
  | { readonly kind: 'accept' | 'reject'; readonly which: number }
  | { readonly kind: 'acceptEdited'; readonly which: number; readonly value: string }
  | { readonly kind: 'acceptAll'; readonly overPersons: boolean }
  | { readonly kind: 'undo' | 'redo'; readonly whole: 'run' | 'decision'; readonly which: number }

const value = fc.constantFrom<Value>('a', 'b', 'c', 'd', null)
const values = fc.array(value, { minLength: PRODUCTS, maxLength: PRODUCTS })
const product = fc.nat({ max: PRODUCTS - 1 })
const locale = fc.constantFrom<Locale>('en', null)
const which = fc.nat({ max: 20 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('import' as const), values }),
  fc.record({ kind: fc.constant('run' as const), values, state: fc.constantFrom('accepted' as const, 'proposed' as const) }),
  fc.record({ kind: fc.constant('edit' as const), product, locale, value }),
  fc.record({ kind: fc.constant('restore' as const), product, locale }),
  fc.record({ kind: fc.constantFrom('accept' as const, 'reject' as const), which }),
  fc.record({ kind: fc.constant('acceptEdited' as const), which, value: fc.constantFrom('a', 'e') }),
  fc.record({ kind: fc.constant('acceptAll' as const), overPersons: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('undo' as const, 'redo' as const),
    whole: fc.constantFrom('run' as const, 'decision' as const),
    which,
  }),
)

/** Steps after which a value that a person wrote may be gone: they are that person's, or another's, own word on it. */
const mayEndPersons = (done: Step): boolean =>
  !['import', 'run', 'reject'].includes(done.kind) && !(done.kind === 'acceptAll' && !done.overPersons)

describeOnEachDatabase('any sequence of imports, runs, edits, decisions and undos', (open) => {
  let test: TestDatabase
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-review-model-'))
  beforeAll(async () => {
    test = await open()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // oxlint-disable-next-line vitest/expect-expect -- fc.assert asserts, and compare() expects
  it('leaves the catalogue as a model of it says, and loses no value of a person without a person’s word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 18 }), async (steps) => {
        const catalogue = await newCatalogue()
        for (const one of steps) {
          const before = await catalogue.personsValues()
          await catalogue.take(one)
          await catalogue.compare()
          if (!mayEndPersons(one)) expect(await catalogue.personsValues()).toEqual(expect.objectContaining(before))
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  async function newCatalogue() {
    const workspaceId = await test.workspaceId()
    const { database } = test
    const path = join(folder, `${workspaceId}.csv`)
    const who = { workspaceId, actor: PERSON }
    const inside = <T>(work: Parameters<typeof database.inWorkspace<T>>[1]): Promise<T> => database.inWorkspace(workspaceId, work)
    const bring = async (given: readonly Value[]): Promise<void> => {
      writeFileSync(path, `sku,title\n${given.map((title, n) => `S${n},${title ?? ''}`).join('\n')}\n`)
      await importFile({ database, workspaceId, path, format: await detectFormat(path) })
    }
    const initial: Value[] = ['a', null]
    await bring(initial)
    const ids = (await inside((tx) => tx.select({ id: products.id }).from(products).orderBy(products.row))).map(({ id }) => id)
    const paper: Model = model.newModel(initial)
    const runIds: string[] = []
    const decisions: string[] = []
    const pick = <T>(all: readonly T[], index: number): T | undefined => (all.length === 0 ? undefined : all[index % all.length])
    const changes = () => inside((tx) => tx.select().from(valueChanges).orderBy(valueChanges.id))

    /** Rows that the last step made get to be known by their ids. */
    const adopt = async (): Promise<void> => {
      const known = new Set(paper.changes.map(({ id }) => id))
      for (const row of (await changes()).filter(({ id }) => !known.has(id))) {
        const made = paper.changes.find(
          (change) =>
            change.id === '' &&
            ids[change.product] === row.productId &&
            change.locale === row.locale &&
            change.value === row.value &&
            change.kind === row.provenance.kind,
        )
        if (made) made.id = row.id
      }
    }

    const take = async (one: Step): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2)) // so that ids have an order
      const decision = newId()
      switch (one.kind) {
        case 'import':
          await bring(one.values)
          return model.bringFile(paper, one.values)
        case 'run': {
          const [runId, budgetId] = [newId(), newId()]
          runIds.push(runId)
          const made = one.values.map((text, n) => ({ id: newId(), product: n, value: text, state: one.state, run: runId }))
          await inside(async (tx) => {
            await tx.insert(budgets).values({ id: budgetId, workspaceId, scope: `run:${runId}`, currency: 'USD' })
            await tx.insert(runs).values({
              id: runId,
              workspaceId,
              kind: 'enrichment',
              fingerprint: runId,
              series: '',
              settings: {},
              state: 'finished',
              budgetId,
            })
            await recordGeneratedValues(
              tx,
              workspaceId,
              made.map(({ product: n, run, ...rest }) => ({
                ...rest,
                productId: ids[n]!,
                attribute: 'title',
                locale: 'en',
                channel: null,
                flags: [],
                provenance: { kind: 'generated' },
                runId: run,
                workHash: 'hash',
              })),
            )
          })
          for (const each of made) model.generate(paper, each)
          return
        }
        case 'edit': {
          const now = model.standing(paper, one.product, one.locale)
          const edit = { productId: ids[one.product]!, attribute: 'title', locale: one.locale, channel: null, over: now.change?.id ?? null }
          const result = await inside((tx) => editValue(tx, { ...who, edit, value: one.value }))
          if (now.value === one.value) return expect(result.decisionId).toBeNull()
          decisions.push(result.decisionId!)
          return model.write(paper, { ...one, decision: result.decisionId!, id: result.current.changeId! })
        }
        case 'restore': {
          const now = model.standing(paper, one.product, one.locale)
          const edit = { productId: ids[one.product]!, attribute: 'title', locale: one.locale, channel: null, over: now.change?.id ?? null }
          const result = await inside((tx) => restoreImported(tx, { ...who, edit }))
          if (now.kind === 'imported') return expect(result.decisionId).toBeNull()
          decisions.push(result.decisionId!)
          return model.restore(paper, { ...one, decision: result.decisionId!, id: result.current.changeId! })
        }
        case 'accept':
        case 'reject':
        case 'acceptEdited': {
          const change = pick(model.open(paper), one.which)
          if (!change) return
          const text = one.kind === 'acceptEdited' ? one.value : change.value
          const over = model.standing(paper, change.product, change.locale).change?.id ?? null
          const said =
            one.kind === 'accept'
              ? ({ id: change.id, decision: 'accept', over } as const)
              : one.kind === 'reject'
                ? ({ id: change.id, decision: 'reject' } as const)
                : ({ id: change.id, decision: 'edit', over, value: text } as const)
          const { decisionId } = await inside((tx) => decide(tx, { ...who, decisions: [said] }))
          decisions.push(decisionId)
          if (one.kind === 'reject') return model.close(change, 'rejected', decisionId)
          if (text === change.value) return model.accept(paper, change, decisionId)
          model.close(change, 'superseded', decisionId)
          model.write(paper, { product: change.product, locale: change.locale, value: text, decision: decisionId, id: '' })
          return
        }
        case 'acceptAll': {
          await refreshCatalogueIndex(database, workspaceId)
          const asked = {
            decision: 'accept' as const,
            filter: {},
            asOf: new Date(Date.now() + 1000),
            overPersons: one.overPersons,
            continues: null,
            cursor: null,
          }
          const { decisionId } = await decideAll(database, who, asked)
          if (decisionId) decisions.push(decisionId)
          return model.acceptAll(paper, { overPersons: one.overPersons, decision: decisionId ?? decision })
        }
        case 'undo':
        case 'redo': {
          const of = pick(one.whole === 'run' ? runIds : decisions, one.which)
          if (of === undefined) return
          let undone = 0
          for (let cursor: string | null = null; ;) {
            const target = one.whole === 'run' ? { runId: of } : { decisionId: of }
            // A decision whose changes were all decided anew is no decision any more.
            const there = one.whole === 'run' || paper.changes.some((change) => change.decision === of)
            if (!there) return
            const answer = await (one.kind === 'undo' ? undo : redo)(database, who, { of: target, cursor })
            undone += answer.undone
            if (answer.cursor === null) break
            cursor = answer.cursor
          }
          return expect(undone).toBe(one.kind === 'undo' ? model.undo(paper, of, one.whole) : model.redo(paper, of))
        }
      }
    }

    const stored = () =>
      inside((tx) => tx.select({ imported: products.imported, written: products.written }).from(products).orderBy(products.row))

    return {
      async take(one: Step) {
        await take(one)
        await adopt()
      },
      async compare() {
        const places = (await stored()).flatMap((found) =>
          [null, 'en'].map((one) => currentValue({ ...found, mapping: null }, { attribute: 'title', locale: one, channel: null })),
        )
        const expected = paper.imported.flatMap((_, n) =>
          ([null, 'en'] as const).map((one) => {
            const { value: text, kind, change } = model.standing(paper, n, one)
            return { value: text, kind, changeId: change?.id ?? null }
          }),
        )
        expect(places).toEqual(expected)
        const states = new Map((await changes()).map(({ id, state }) => [id, state]))
        expect(states).toEqual(new Map(paper.changes.map(({ id, state }) => [id, state])))
      },
      async personsValues() {
        const entries = (await stored()).flatMap(({ written }, n) =>
          Object.entries(written).map(([key, entry]) => [`${n} ${key}`, entry] as const),
        )
        return Object.fromEntries(entries.filter(([, { kind }]) => kind === 'person'))
      },
    }
  }
})
