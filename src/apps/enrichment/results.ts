import type { Tx } from '../../db/database.ts'
import { type GeneratedValue, recordGeneratedValues } from '../../catalogue/changes.ts'
import { heldItems, type ItemMove, type ItemResult, moveItems, settleItems } from '../../runs/items.ts'
import type { LeasedItem } from '../../runs/run-kind.ts'

/**
 * What a call gave for one product: the values written for it and its item's end, or who is asked about it next; neither when
 * this candidate is asked once more.
 */
export interface EnrichmentResult {
  readonly workspaceId: string
  readonly item: LeasedItem
  readonly end?: Omit<ItemResult, 'item'>
  readonly move?: Omit<ItemMove, 'item'>
  readonly values: readonly GeneratedValue[]
}

/**
 * Ends items and records values, in the commit of the call that made them. Values of an item that is no longer this
 * worker's are dropped: whoever has it now writes its own.
 */
export async function writeEnrichmentResults(tx: Tx, results: readonly EnrichmentResult[]): Promise<void> {
  const ended = results.flatMap(({ item, end }) => (end ? [{ item, ...end }] : []))
  const moving = results.flatMap(({ item, move }) => (move ? [{ item, ...move }] : []))
  const unfinished = results.filter(({ end, move, values }) => !end && !move && values.length > 0)
  const settled = await settleItems(tx, ended)
  const moved = await moveItems(tx, moving)
  const held = await heldItems(
    tx,
    unfinished.map(({ item }) => item),
  )
  const ours = [
    ...results.filter(({ item, end }) => end && settled(item)),
    ...results.filter(({ item, move }) => move && moved(item)),
    ...unfinished.filter(({ item }) => held(item)),
  ]
  for (const [workspaceId, group] of Map.groupBy(ours, (result) => result.workspaceId)) {
    await recordGeneratedValues(
      tx,
      workspaceId,
      group.flatMap(({ values }) => values),
    )
  }
}
