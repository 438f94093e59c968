import type { Database } from '../../db/database.ts'
import type { SettledItem, UnitOutcome } from '../../runs/run-kind.ts'
import { filledValues, ruleValues, type ValueOrigin } from './made-values.ts'
import { type EnrichmentResult, writeEnrichmentResults } from './results.ts'
import type { EnrichmentSubject } from './settle-call.ts'

/** Ends products whose values are all there without a call, found by rules or filled in from a sibling: they cost nothing. */
export async function settleWithoutCall(
  origin: ValueOrigin & { readonly services: { readonly database: Database } },
  unit: readonly EnrichmentSubject[],
): Promise<UnitOutcome<EnrichmentSubject>> {
  const { workspaceId, services } = origin
  const results = unit.map((subject): EnrichmentResult => {
    const values = [...ruleValues(origin, subject), ...filledValues(origin, subject)]
    const state = values.some(({ flags }) => flags.length > 0) ? 'flagged' : 'done'
    const way = subject.filled ? 'filled' : 'rules'
    return { workspaceId, item: subject.item, values, end: { state, way, costNano: 0n } }
  })
  await services.database.inWorkspace(workspaceId, (tx) => writeEnrichmentResults(tx, results))
  return { settled: results.map(({ item, end }): SettledItem => ({ position: item.position, state: end!.state })) }
}
