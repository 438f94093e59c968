import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { type GeneratedValue, recordGeneratedValues } from '../../src/catalogue/changes.ts'
import { type Decision, decide } from '../../src/catalogue/decide.ts'
import { detectFormat } from '../../src/catalogue/formats/detect.ts'
import { importFile } from '../../src/catalogue/import.ts'
import { refreshCatalogueIndex } from '../../src/catalogue/index.ts'
import { redo, undo } from '../../src/catalogue/undo.ts'
import type { Tx } from '../../src/db/database.ts'
import { budgets, products, runs } from '../../src/db/schema/index.ts'
import { newId } from '../../src/runtime/ids.ts'
import type { TestDatabase } from './databases.ts'

export const ANNA = 'user:00000000-0000-7000-8000-00000000000a'

/** A title that a model proposed, unless it is said otherwise. */
export const generatedValue = (value: Partial<GeneratedValue> & Pick<GeneratedValue, 'productId' | 'runId'>): GeneratedValue => ({
  id: newId(),
  attribute: 'title',
  locale: 'en',
  channel: null,
  value: 'A generated title',
  flags: [],
  state: 'proposed',
  provenance: { kind: 'generated', callId: newId(), model: 'small', connection: 'main' },
  workHash: 'hash',
  ...value,
})

/** A workspace with products of files, values that models wrote for them, and a person who decides on these. */
export async function reviewedCatalogue({ database, workspaceId: newWorkspace }: TestDatabase) {
  const workspaceId = await newWorkspace()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-reviewed-'))
  const inWorkspace = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.inWorkspace(workspaceId, work)
  const whole = async (step: typeof undo, decisionId: string): Promise<void> => {
    for (let cursor: string | null = null; ;) {
      const answer = await step(database, { workspaceId, actor: ANNA }, { of: { decisionId }, cursor })
      if (answer.cursor === null) return
      cursor = answer.cursor
    }
  }
  return {
    workspaceId,
    inWorkspace,
    close: () => rmSync(folder, { recursive: true, force: true }),

    bring: async (name: string, content: string): Promise<{ sourceId: string; ids: string[] }> => {
      const path = join(folder, name)
      writeFileSync(path, content)
      const { sourceId } = await importFile({ database, workspaceId, path, format: await detectFormat(path) })
      await refreshCatalogueIndex(database, workspaceId)
      const rows = await inWorkspace((tx) =>
        tx.select({ id: products.id }).from(products).where(eq(products.sourceId, sourceId)).orderBy(products.row),
      )
      return { sourceId, ids: rows.map(({ id }) => id) }
    },

    newRun: async (settings: Record<string, unknown> = {}): Promise<string> => {
      const [id, budgetId] = [newId(), newId()]
      await inWorkspace(async (tx) => {
        await tx.insert(budgets).values({ id: budgetId, workspaceId, scope: `run:${id}`, currency: 'USD' })
        await tx
          .insert(runs)
          .values({ id, workspaceId, kind: 'enrichment', fingerprint: id, series: '', settings, state: 'finished', budgetId })
      })
      return id
    },

    /** @returns the ids of the changes, in the order of the values */
    propose: async (runId: string, values: readonly (Partial<GeneratedValue> & { readonly productId: string })[]): Promise<string[]> => {
      const generated = values.map((value) => generatedValue({ runId, ...value }))
      await inWorkspace((tx) => recordGeneratedValues(tx, workspaceId, generated))
      return generated.map(({ id }) => id)
    },

    say: (decisions: readonly Decision[]) => inWorkspace((tx) => decide(tx, { workspaceId, actor: ANNA, decisions })),

    undoDecision: (decisionId: string) => whole(undo, decisionId),
    redoDecision: (decisionId: string) => whole(redo, decisionId),
  }
}
