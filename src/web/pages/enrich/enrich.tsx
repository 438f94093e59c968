import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Package, Sparkles } from 'lucide-react'
import { useEffect, useState } from 'react'
import { countProducts, type ProductSelection } from '../../../contract/catalogue.ts'
import type { Recipe } from '../../../contract/recipe.ts'
import { checkRecipe, readStoredRecipe, type RecipeIssue, suggestRecipe } from '../../../contract/recipes.ts'
import { addRun, listRuns, quoteSelection } from '../../../contract/runs.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page, Section } from '../../components/page.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { chosenProducts } from '../../support/chosen-products.ts'
import { useMay } from '../../support/me.ts'
import { middleOf } from '../runs/run-words.ts'
import { asSent, type Draft, keepDraft, keptDraft, newDraft, useSettled } from './draft.ts'
import { Launch } from './launch.tsx'
import { isSame, ModelQuotes } from './model-quotes.tsx'
import { PlanSteps } from './plan-steps.tsx'
import { RecipeEditor } from './recipe-editor.tsx'
import { RecipeMenu } from './recipe-menu.tsx'
import { SelectionSummary } from './selection-summary.tsx'
import { TryPanel } from './try-panel.tsx'

const EVERYTHING: ProductSelection = { filter: {}, except: [] }
const SETTLES_MS = 500

/** Enrich: what to write for the chosen products, tried on one, quoted for several models, started with its price. */
export function EnrichPage() {
  const { t } = useText()
  const [selection, setSelection] = useState(() => chosenProducts() ?? EVERYTHING)
  const count = useQuery({
    queryKey: [countProducts.id, selection],
    queryFn: ({ signal }) => callApi(countProducts, { body: { selection } }, signal),
  })
  if (count.error) {
    return (
      <Page title={t('enrich.title')}>
        <ErrorState problem={toApiProblem(count.error)} onRetry={() => void count.refetch()} />
      </Page>
    )
  }
  if (!count.data) {
    return (
      <Page title={t('enrich.title')}>
        <FieldsSkeleton fields={6} />
      </Page>
    )
  }
  if (count.data.count === 0) {
    return (
      <Page title={t('enrich.title')} sentence={t('enrich.sentence')}>
        <EmptyState
          icon={<Package aria-hidden className="size-8" />}
          title={t('enrich.empty.title')}
          action={
            <Link to="/catalogue" className={buttonClass({ kind: 'main' })}>
              {t('enrich.empty.action')}
            </Link>
          }
        >
          <p>{t('enrich.empty.what')}</p>
        </EmptyState>
      </Page>
    )
  }
  return <Enrich selection={selection} count={count.data.count} onAll={() => setSelection(EVERYTHING)} />
}

function Enrich({ selection, count, onAll }: { selection: ProductSelection; count: number; onAll: () => void }) {
  const { t, language } = useText()
  const { recipe: recipeId } = useSearch({ from: '/shell/enrich' })
  const [draft, setDraft] = useState(keptDraft)
  const suggestion = useQuery({
    queryKey: [suggestRecipe.id, selection],
    queryFn: ({ signal }) => callApi(suggestRecipe, { body: { selection, locale: language } }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const wantsStored = recipeId !== undefined && draft?.recipeId !== recipeId
  const stored = useQuery({ ...queryOf(readStoredRecipe, { params: { recipeId: recipeId ?? '' } }), enabled: wantsStored })
  const change = (next: Draft): void => {
    keepDraft(next)
    setDraft(next)
  }
  const first = wantsStored
    ? stored.data && newDraft(stored.data.recipe, stored.data)
    : (draft ?? (suggestion.data && newDraft(suggestion.data.recipe)))
  const isNew = first !== undefined && first !== draft
  useEffect(() => {
    if (isNew && first) {
      keepDraft(first)
      setDraft(first)
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- what is there to begin with is taken once
  }, [isNew])
  const error = wantsStored ? stored.error : suggestion.error
  if (error && !first) {
    return (
      <Page title={t('enrich.title')}>
        <ErrorState problem={toApiProblem(error)} />
      </Page>
    )
  }
  if (!first) {
    return (
      <Page title={t('enrich.title')}>
        <FieldsSkeleton fields={6} />
      </Page>
    )
  }
  const suggest = (): void => {
    if (suggestion.data) change({ ...first, ...newDraft(suggestion.data.recipe), compare: first.compare, servedBy: first.servedBy })
  }
  return (
    <Workbench
      selection={selection}
      count={count}
      draft={first}
      columns={suggestion.data?.columns}
      onChange={change}
      onSuggest={suggest}
      onAll={onAll}
    />
  )
}

interface WorkbenchProps {
  readonly selection: ProductSelection
  readonly count: number
  readonly draft: Draft
  readonly columns: Parameters<typeof RecipeEditor>[0]['columns']
  readonly onChange: (draft: Draft) => void
  readonly onSuggest: () => void
  readonly onAll: () => void
}

function Workbench({ selection, count, draft, columns, onChange, onSuggest, onAll }: WorkbenchProps) {
  const { t } = useText()
  const mayRun = useMay('runs.write')
  const navigate = useNavigate()
  const { about } = useMoneyText()
  const { recipe, servedBy, compare, steps } = draft
  const checked = useChecked(recipe)
  const quotes = useQuotes({ selection, recipe, steps, isRight: checked.isRight, compare })
  const chosen = quotes.all.find((quote) => (servedBy ? isSame(quote, servedBy) : quote.assigned))
  const assignedCount = quotes.all.filter(({ assigned }) => assigned).length
  const isByRules = !servedBy && assignedCount > 1 // planned first, and then it waits with its quote
  const cost = !isByRules ? (chosen?.quote.cost ?? null) : null
  const products = chosen?.quote.products ?? count
  const add = useMutation({
    mutationFn: () =>
      callApi(addRun, {
        body: {
          selection,
          recipe: { ...asSent(recipe), ...(draft.name ? { name: draft.name } : {}) },
          ...(draft.recipeId && !draft.changed ? { recipeId: draft.recipeId } : {}),
          ...(servedBy ? { servedBy } : {}),
          steps,
          ...(draft.cap.trim() ? { cap: draft.cap.trim() } : {}),
          ...(draft.canary ? { canary: draft.canary } : {}),
          ...(cost ? { startIfAtMost: cost.high } : {}),
        },
      }),
    onSuccess: async (run) => {
      await invalidate(listRuns)
      await navigate({ href: `/runs/${run.id}` })
    },
  })
  const isReady = checked.isRight && chosen !== undefined && !quotes.isWaiting
  const action = mayRun && (
    <Button
      kind="main"
      icon={<Sparkles aria-hidden className="size-4" />}
      disabled={!isReady}
      busy={add.isPending}
      price={isReady ? (isByRules ? t('enrich.exactFirst') : about(middleOf(cost))) : undefined}
      onClick={() => add.mutate()}
    >
      {t('runs.start', { count: products })}
    </Button>
  )
  return (
    <Page
      title={t('enrich.title')}
      sentence={<SelectionSummary selection={selection} count={count} onAll={onAll} />}
      action={action || undefined}
    >
      {!mayRun && (
        <div className="mb-4">
          <Note meaning="information">{t('enrich.whom')}</Note>
        </div>
      )}
      {add.error && <ErrorNote problem={toApiProblem(add.error)} />}
      <div className="grid items-start gap-x-8 lg:grid-cols-[minmax(0,1fr)_minmax(20rem,26rem)]">
        <div className="min-w-0">
          <Section title={t('enrich.recipe')} sentence={t('enrich.recipeWhat')}>
            <RecipeMenu draft={draft} onChange={onChange} onSuggest={onSuggest} />
            <RecipeEditor
              recipe={recipe}
              issues={checked.issues}
              columns={columns}
              onChange={(next) => onChange({ ...draft, recipe: next, changed: true })}
            />
          </Section>
          <Section title={t('enrich.models')} sentence={t('enrich.modelsWhat')}>
            {quotes.error && !quotes.notAssigned && <ErrorNote problem={toApiProblem(quotes.error)} />}
            <ModelQuotes
              quotes={quotes.all}
              counted={quotes.counted}
              isWaiting={quotes.isWaiting}
              isRight={checked.isRight}
              notAssigned={quotes.notAssigned}
              chosen={servedBy}
              compare={compare}
              onChange={(next) => onChange({ ...draft, ...next })}
            />
          </Section>
          {chosen && quotes.counted && !isByRules && (
            <Section title={t('enrich.steps.title')} sentence={t('enrich.steps.sentence')}>
              <PlanSteps
                plan={chosen.plan}
                perCall={quotes.counted.perCall}
                steps={steps}
                recipePerCall={recipe.perCall}
                onChange={(next) => onChange({ ...draft, steps: next })}
              />
            </Section>
          )}
          <Section title={t('enrich.launch')} sentence={t('enrich.launchWhat')}>
            <Launch draft={draft} products={products} cost={cost} onChange={onChange} />
          </Section>
        </div>
        <div className="mb-8 min-w-0 lg:sticky lg:top-16">
          <TryPanel selection={selection} recipe={recipe} isRight={checked.isRight} servedBy={servedBy} />
        </div>
      </div>
    </Page>
  )
}

/** What is wrong with the recipe, a moment after it was typed. */
function useChecked(recipe: Recipe): { issues: readonly RecipeIssue[]; isRight: boolean } {
  const settled = useSettled(JSON.stringify(asSent(recipe)), SETTLES_MS)
  const { data } = useQuery({
    queryKey: [checkRecipe.id, settled],
    queryFn: ({ signal }) => callApi(checkRecipe, { body: { recipe: JSON.parse(settled) as Record<string, unknown> } }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  })
  return { issues: data?.issues ?? [], isRight: data !== undefined && data.issues.length === 0 }
}

/** The quotes of who is assigned, and of the models that the person compares them with. */
function useQuotes({
  selection,
  recipe,
  steps,
  isRight,
  compare,
}: {
  selection: ProductSelection
  recipe: Recipe
  steps: Draft['steps']
  isRight: boolean
  compare: Draft['compare']
}) {
  const settled = useSettled(JSON.stringify({ selection, recipe: asSent(recipe), steps }), SETTLES_MS)
  const ask = (models: Draft['compare']) => ({
    queryKey: [quoteSelection.id, settled, models],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      callApi(
        quoteSelection,
        {
          body: {
            ...(JSON.parse(settled) as { selection: ProductSelection; recipe: Record<string, unknown>; steps: Draft['steps'] }),
            models: [...models],
          },
        },
        signal,
      ),
    retry: false,
    placeholderData: <Answer,>(before: Answer) => before,
  })
  const assigned = useQuery({ ...ask([]), enabled: isRight })
  const compared = useQuery({ ...ask(compare), enabled: isRight && compare.length > 0 })
  const notAssigned = assigned.error !== null && toApiProblem(assigned.error).code === 'assignment.missing'
  return {
    all: [...(assigned.data?.quotes ?? []), ...(compare.length > 0 ? (compared.data?.quotes ?? []) : [])].filter(
      (quote) => quote.assigned || compare.some((one) => isSame(one, quote)),
    ),
    counted: assigned.data ?? compared.data,
    isWaiting: assigned.isFetching || compared.isFetching,
    error: assigned.error ?? compared.error,
    notAssigned,
  }
}
