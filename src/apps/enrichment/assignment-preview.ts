import { type CandidateVerdict, previewAssignment } from '../../contract/assignments.ts'
import { AppError } from '../../base/errors.ts'
import { explainChoice } from '../../assignments/choose.ts'
import { assignedCandidates, type RecordFacts } from '../../assignments/resolve.ts'
import { selectedProducts } from '../../catalogue/selection.ts'
import type { Database, Tx } from '../../db/database.ts'
import { handle, type HandledRoute } from '../../http/handle.ts'
import { BUILT_IN_FIELDS, defaultRecipe } from './default-recipe.ts'
import { factsOf, recordOf } from './record.ts'
import { workInput } from './show.ts'

/** For the page of an assignment: which candidate would serve a product, and why. */
export const assignmentPreviewRoute = ({ database }: { readonly database: Database }): HandledRoute =>
  handle(previewAssignment, ({ who, params: { context }, query: { productId } }) =>
    database.inWorkspace(who.workspaceId, (tx) => previewFor(tx, { context, productId })),
  )

/**
 * The facts are those that a run with the built-in recipe would find; one that shows the model less has shorter records.
 * @throws AppError product.missing, assignment.missing.
 */
async function previewFor(
  tx: Tx,
  { context, productId }: { context: string; productId: string },
): Promise<{ facts: RecordFacts & { missing: string[] }; candidates: CandidateVerdict[] }> {
  const [product] = await selectedProducts(tx, { selection: { ids: [productId] }, limit: 1 })
  if (!product) throw new AppError('product.missing', 'There is no such product in this workspace.')
  const candidates = await assignedCandidates(tx, context)
  const recipe = defaultRecipe({ fields: BUILT_IN_FIELDS })
  const facts = factsOf(product, { shown: workInput(recordOf(product, recipe), recipe), candidates })
  return { facts: { ...facts, missing: [...facts.missing] }, candidates: explainChoice(candidates, facts) }
}
