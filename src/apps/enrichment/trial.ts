import { eq } from 'drizzle-orm'
import { type AssignedCandidate, candidatesFor } from '../../assignments/resolve.ts'
import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import type { Money } from '../../base/money.ts'
import type { Usage } from '../../base/usage.ts'
import { type ChatOutcome, chatOrHandOver } from '../../calls/chat.ts'
import { callCandidate } from '../../calls/fallback.ts'
import { worstCaseOfCall } from '../../calls/price.ts'
import { readMemories } from '../../catalogue/memory/memory.ts'
import { withParents } from '../../catalogue/parents.ts'
import { sanitizeGeneratedValue } from '../../catalogue/sanitize.ts'
import { currentValue, type ProductValues } from '../../catalogue/values.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { productIndex, products, sources, type ValueFlag } from '../../db/schema/index.ts'
import { addBudget } from '../../ledger/budgets.ts'
import { memberOfActor } from '../../people/members.ts'
import { readWorkspaceCurrency } from '../../people/workspaces.ts'
import { newId } from '../../runtime/ids.ts'
import { capReached } from './cap-reached.ts'
import { chooseCandidates } from './candidates.ts'
import { flagValue } from './checks.ts'
import type { JobServices } from './job.ts'
import { maxOutputTokens, OUTPUT_SCHEMA_NAME, outputSchema } from './output-schema.ts'
import { composePrompt, type ComposedPrompt } from './prompt.ts'
import { readAnswer } from './read-answer.ts'
import { factsOf, recordOf } from './record.ts'
import { openServers, type Server } from './servers.ts'
import { workInput } from './show.ts'
import { taughtRecipe } from './taught-recipe.ts'
import { inputTokensAtMost, outputLimit, promptTokens, type PromptTokens } from './token-bounds.ts'
import { ENRICHMENT } from './work.ts'

/** A recipe to be tried on one product: nothing of it is kept in the product. */
export interface TrialOrder {
  readonly workspaceId: string
  readonly productId: string
  readonly recipe: Recipe
  readonly servedBy: { readonly connectionId: string; readonly model: string } | undefined // undefined: as the workspace assigned
}

/** What a trial sends, and costs at most. `atMost` undefined: no price is known, so there is no cap. */
export interface PreparedTrial {
  readonly candidate: AssignedCandidate
  readonly prompt: ComposedPrompt
  readonly tokens: PromptTokens
  readonly atMost: Money | undefined
}

interface Prepared extends PreparedTrial {
  readonly server: Server
  readonly recipe: Recipe // with what the product's source taught
  readonly product: ProductValues
  readonly record: Readonly<Record<string, unknown>>
  readonly currency: string
  readonly bound: { readonly inputTokensAtMost: number; readonly outputTokensAtMost: number }
}

/** Composes a trial's call without making it. @throws `product.missing`, `assignment.missing`, `connection.missing` */
export async function prepareTrial(
  services: JobServices,
  { workspaceId, productId, recipe: asked, servedBy }: TrialOrder,
): Promise<Prepared> {
  const { database, clock } = services
  const { product, chosen, currency, memory } = await database.inWorkspace(workspaceId, async (tx) => {
    const found = await readProduct(tx, productId)
    return {
      product: found,
      chosen: await chooseCandidates(tx, servedBy && [servedBy]),
      currency: await readWorkspaceCurrency(tx),
      memory: (await readMemories(tx, [found.sourceId])).get(found.sourceId),
    }
  })
  const recipe = taughtRecipe(asked, memory)
  const record = recordOf(product, recipe)
  const facts = factsOf(product, { shown: workInput(record, recipe), candidates: chosen.candidates })
  const [candidate] = candidatesFor(chosen.candidates, facts)
  if (!candidate)
    throw new AppError('assignment.missing', 'No candidate’s rules fit this product. Name a model for the trial, or change the rules.')
  const [server] = await openServers([candidate], services)
  const prompt = composePrompt({ recipe, products: [{ id: productId, values: record }] })
  const { counter, bounds, model } = server!
  const tokens = promptTokens(counter, prompt)
  const inputTokens = inputTokensAtMost({ counter, prompt, tokens, schemaText: JSON.stringify(outputSchema(recipe)) })
  const usual = maxOutputTokens({ recipe, k: 1, reasoningTokens: bounds.thinkingTokens() })
  const bound = { inputTokensAtMost: inputTokens, outputTokensAtMost: outputLimit({ usual, cutShort: false, model, inputTokens }) }
  const nano = worstCaseOfCall({ candidate: callCandidate(candidate), currency, at: clock.now(), ...bound })
  return {
    candidate,
    prompt,
    tokens,
    atMost: nano === undefined ? undefined : { nano, currency },
    server: server!,
    recipe,
    product,
    record,
    currency,
    bound,
  }
}

/** What a field of an answer came to. */
export interface TrialValue {
  readonly field: string
  readonly attribute: string
  readonly value: unknown // null: nothing, or nothing that passed
  readonly current: unknown
  readonly problem: { readonly kind: string; readonly detail: string } | null
  readonly flags: readonly ValueFlag[]
}

export interface Trial extends PreparedTrial {
  readonly id: string
  readonly callId: string | null // null: no call was made
  readonly answer: string | null
  readonly cutShort: boolean
  readonly values: readonly TrialValue[]
  readonly usage: Usage | undefined
  readonly cost: Money | undefined
  readonly failure: { readonly code: string; readonly detail: string } | null
  readonly seconds: number
}

/**
 * Tries a recipe on one product with one real call, under a budget of its own that holds what this call can cost at most. A
 * failure is told as it comes, not tried again.
 */
export async function tryRecipe(
  services: JobServices,
  order: TrialOrder & { readonly actor: string; readonly signal: AbortSignal },
): Promise<Trial> {
  const { database, clock } = services
  const { workspaceId, actor, productId, signal } = order
  const prepared = await prepareTrial(services, order)
  const { recipe, candidate, prompt, tokens, atMost, currency, bound } = prepared
  const [id, budgetId] = [newId(), newId()]
  const member = await database.inWorkspace(workspaceId, async (tx) => {
    await addBudget(tx, { id: budgetId, workspaceId, scope: `trial:${id}`, currency, limitNano: atMost?.nano ?? null })
    const detail = { trialId: id, connection: candidate.connection.slug, model: candidate.model }
    await recordAudit(tx, { workspaceId, actor, action: 'recipe.tried', subject: `product:${productId}`, detail })
    return memberOfActor(tx, actor)
  })
  const startedMs = clock.now().getTime()
  const end = await chatOrHandOver<ChatOutcome>(
    services,
    {
      workspaceId,
      actor,
      member,
      origin: `trial:${id}`,
      context: ENRICHMENT,
      candidate: callCandidate(candidate),
      budgetIds: [budgetId],
      currency,
      system: prompt.system,
      user: prompt.user,
      schema: outputSchema(recipe),
      schemaName: OUTPUT_SCHEMA_NAME,
      maxOutputTokens: bound.outputTokensAtMost,
      ...bound,
      inputParts: tokens,
      signal,
      settleWith: (outcome) => ({ value: outcome, writes: [] }),
    },
    () => true,
  )
  const common = { id, candidate, prompt, tokens, atMost, seconds: (clock.now().getTime() - startedMs) / 1_000 }
  const failed = { ...common, callId: null, answer: null, cutShort: false, values: [], usage: undefined, cost: undefined }
  switch (end.kind) {
    case 'settled': {
      const outcome = end.value
      if (outcome.kind === 'failed') return { ...failed, callId: outcome.callId, cost: outcome.cost, failure: told(outcome.failure) }
      const { callId, text: answer, cutShort, usage, cost } = outcome
      return { ...common, callId, answer, cutShort, values: valuesOf(prepared, answer), usage, cost, failure: null }
    }
    case 'handed_over':
      return { ...failed, cost: end.cost, failure: told(end.failure) }
    case 'refused':
      return { ...failed, failure: told(end.failure) }
    case 'no_room':
      return { ...failed, failure: capReached(end.refusal) }
    case 'cancelled':
      throw new AppError('call.interrupted', 'The trial was stopped before its answer came.')
  }
}

const told = ({ code, detail }: { code: string; detail: string }) => ({ code, detail })

function valuesOf({ recipe, prompt, product, record }: Prepared, answer: string): TrialValue[] {
  const reading = readAnswer({ text: answer, recipe, ids: prompt.ids }).products[0]!
  const ofAll = reading.problems.find(({ field }) => field === undefined)
  return recipe.fields.map((field) => {
    const locale = localeOf(recipe, field)
    const attribute = columnOf(field)
    const value = sanitizeGeneratedValue(reading.values[field.name] ?? null)
    const problem = reading.problems.find((one) => one.field === field.name) ?? ofAll
    return {
      field: field.name,
      attribute,
      value,
      current: currentValue(product, { attribute, locale, channel: null }).value,
      problem: problem ? { kind: problem.kind, detail: problem.detail } : null,
      flags: value === null ? [] : flagValue({ value, productValues: record, locale }),
    }
  })
}

async function readProduct(tx: Tx, id: string): Promise<ProductValues & { sourceId: string; family: string | null }> {
  const [row] = await tx
    .select({
      sourceId: products.sourceId,
      imported: products.imported,
      written: products.written,
      parentId: products.parentId,
      mapping: sources.mapping,
      family: productIndex.family,
    })
    .from(products)
    .innerJoin(sources, eq(sources.id, products.sourceId))
    .leftJoin(productIndex, eq(productIndex.productId, products.id))
    .where(eq(products.id, id))
  if (!row) throw new AppError('product.missing', 'There is no such product in this workspace.')
  return (await withParents(tx, [row]))[0]!
}
