import type { Tx } from '../../db/database.ts'
import { type GeneratedValue, recordGeneratedValues } from '../../catalogue/changes.ts'
import { type ItemResult, settleItems } from '../../runs/items.ts'

/** One product's end in a run: its item's state and the values written for it. */
export interface EnrichmentResult {
  readonly workspaceId: string
  readonly result: ItemResult
  readonly values: readonly GeneratedValue[]
}

/**
 * Ends items and records their values, in the commit of the call that made them. Values of an item that is no longer
 * this worker's are dropped: whoever has it now writes its own.
 */
export async function writeEnrichmentResults(tx: Tx, results: readonly EnrichmentResult[]): Promise<void> {
  const counted = await settleItems(
    tx,
    results.map(({ result }) => result),
  )
  const byWorkspace = Map.groupBy(
    results.filter(({ result }) => counted(result.item)),
    ({ workspaceId }) => workspaceId,
  )
  for (const [workspaceId, ours] of byWorkspace) {
    await recordGeneratedValues(
      tx,
      workspaceId,
      ours.flatMap(({ values }) => values),
    )
  }
}
