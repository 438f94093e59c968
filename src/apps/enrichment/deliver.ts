import { acceptProposals, writtenKey } from '../../catalogue/changes.ts'
import type { FileFormat } from '../../catalogue/formats/format.ts'
import { exportFile, type ExportSummary } from '../../catalogue/formats/write.ts'
import { importedValues } from '../../catalogue/current.ts'
import { addedColumns, cellsFor } from '../../catalogue/mapping.ts'
import { mappingsOf } from '../../catalogue/mappings.ts'
import { currentValue } from '../../catalogue/values.ts'
import { writtenProducts } from '../../catalogue/written.ts'
import type { Database } from '../../db/database.ts'
import { attributesOf, type Makings, type Scope, scopedProducts, workOf } from './plan.ts'

/**
 * Writes the catalogue file with every value that was made from the present input, recipe and model, and accepted, and with
 * what a person wrote in its place.
 * Products after `lastRow`, and values made from anything else, are copied as they came.
 */
export async function deliver({
  database,
  workspaceId,
  sourceId,
  contentHash,
  lastRow,
  makings,
  input,
  output,
  format,
}: {
  database: Database
  workspaceId: string
  sourceId: string
  contentHash: string
  lastRow: number
  makings: Makings
  input: string
  output: string
  format: FileFormat
}): Promise<ExportSummary> {
  const attributes = attributesOf(makings.recipe)
  const mapping = (await database.inWorkspace(workspaceId, (tx) => mappingsOf(tx, [sourceId]))).get(sourceId) ?? null
  return exportFile({
    input,
    output,
    format,
    expectedHash: contentHash,
    columns: addedColumns(mapping, attributes),
    changesFor: async (identifiers) => {
      const products = await database.inWorkspace(workspaceId, (tx) => writtenProducts(tx, { sourceId, identifiers }))
      return new Map(
        [...products].flatMap(([identifier, product]) => {
          if (product.row > lastRow) return []
          const { hash } = workOf(makings, importedValues(product, makings.recipe))
          const { imported } = product
          const values = attributes.flatMap((attribute) => {
            const current = currentValue(product, attribute)
            if (current.kind === 'person') return [{ attribute, value: current.value }]
            const written = product.written[writtenKey(attribute)]
            return written && written.workHash === hash && written.value !== null ? [{ attribute, value: written.value }] : []
          })
          const cells: Record<string, unknown> = {}
          for (const { attribute, value } of values)
            Object.assign(cells, cellsFor(mapping, attribute, { value, now: { ...imported, ...cells } }))
          return values.length > 0 ? [[identifier, cells] as const] : []
        }),
      )
    },
  })
}

/** Accepts every flagged value of the products in scope that still waits, because the person said so. @returns how many. */
export async function acceptFlagged(scope: Scope, decision: string): Promise<number> {
  const attributes = attributesOf(scope.makings.recipe)
  let accepted = 0
  for await (const products of scopedProducts(scope)) {
    const productIds = products.filter(({ standing }) => standing === 'flagged').map(({ id }) => id)
    if (productIds.length === 0) continue
    accepted += await scope.database.inWorkspace(scope.workspaceId, (tx) => acceptProposals(tx, { productIds, attributes, decision }))
  }
  return accepted
}
