import { useMutation, useQuery } from '@tanstack/react-query'
import { ChevronDown, FileDown, FileUp, Save } from 'lucide-react'
import { useRef, useState } from 'react'
import * as contract from '../../../contract/recipes.ts'
import { previewStale } from '../../../contract/stale.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { useMoneyText } from '../../components/figures.tsx'
import { Menu, MenuItem, MenuLine } from '../../components/menu.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { middleOf } from '../runs/run-words.ts'
import { asSent, type Draft, newDraft } from './draft.ts'

/** Which recipe this is; open another, keep this one, take it along as a file. */
export function RecipeMenu({ draft, onChange, onSuggest }: { draft: Draft; onChange: (draft: Draft) => void; onSuggest: () => void }) {
  const { t } = useText()
  const mayWrite = useMay('recipes.write')
  const stored = useQuery(queryOf(contract.listRecipes, { query: {} }))
  const [saving, setSaving] = useState(false)
  const file = useRef<HTMLInputElement>(null)
  const open = useMutation({
    mutationFn: (recipeId: string) => callApi(contract.readStoredRecipe, { params: { recipeId } }),
    onSuccess: (found) => onChange({ ...draft, ...startOf(newDraft(found.recipe, found)) }),
    onError: (error) => sayProblem(error, t),
  })
  const read = useMutation({
    mutationFn: async (given: File) => callApi(contract.readRecipeText, { body: { text: await given.text() } }),
    onSuccess: ({ recipe }) => onChange({ ...draft, ...startOf(newDraft(recipe)), name: recipe.name ?? '', changed: true }),
    onError: (error) => sayProblem(error, t),
  })
  const write = useMutation({
    mutationFn: () =>
      callApi(contract.writeRecipeText, { body: { recipe: { ...asSent(draft.recipe), ...(draft.name ? { name: draft.name } : {}) } } }),
    onSuccess: ({ text }) => saveAs(text, `${draft.name || t('enrich.recipe')}.yaml`),
    onError: (error) => sayProblem(error, t),
  })
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <Menu
        align="start"
        trigger={
          <Button>
            <span className="inline-flex items-center gap-2">
              <bdi>{draft.name || t('enrich.newRecipe')}</bdi>
              <ChevronDown aria-hidden className="size-4" />
            </span>
          </Button>
        }
      >
        {stored.data?.items.map(({ id, name }) => (
          <MenuItem key={id} onSelect={() => open.mutate(id)}>
            <bdi>{name}</bdi>
          </MenuItem>
        ))}
        {stored.data && stored.data.items.length > 0 && <MenuLine />}
        <MenuItem onSelect={onSuggest}>{t('enrich.suggest')}</MenuItem>
        <MenuItem icon={<FileUp aria-hidden className="size-4" />} onSelect={() => file.current?.click()}>
          {t('enrich.readFile')}
        </MenuItem>
        <MenuItem icon={<FileDown aria-hidden className="size-4" />} onSelect={() => write.mutate()}>
          {t('enrich.saveFile')}
        </MenuItem>
      </Menu>
      {draft.changed && <Badge meaning="attention">{t('enrich.notSaved')}</Badge>}
      {mayWrite && (draft.changed || draft.recipeId === null) && (
        <Button icon={<Save aria-hidden className="size-4" />} onClick={() => setSaving(true)}>
          {t('enrich.save')}
        </Button>
      )}
      <input
        ref={file}
        type="file"
        accept=".yaml,.yml,.json"
        className="sr-only"
        tabIndex={-1}
        aria-label={t('enrich.readFile')}
        onChange={(event) => {
          const [given] = event.target.files ?? []
          if (given) read.mutate(given)
          event.target.value = ''
        }}
      />
      {saving && <SaveDialog draft={draft} onChange={onChange} onClose={() => setSaving(false)} />}
    </div>
  )
}

/** Of another recipe: everything but what the run is made with. */
const startOf = ({ recipe, name, recipeId, version, changed }: Draft) => ({ recipe, name, recipeId, version, changed })

function saveAs(text: string, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

function SaveDialog({ draft, onChange, onClose }: { draft: Draft; onChange: (draft: Draft) => void; onClose: () => void }) {
  const { t } = useText()
  const [name, setName] = useState(draft.name)
  const recipe = asSent(draft.recipe)
  const after = async (saved: contract.StoredRecipe) => {
    await invalidate(contract.listRecipes, contract.readStoredRecipe)
    onChange({ ...draft, name: saved.name, recipeId: saved.id, version: saved.version, changed: false })
    say(t('enrich.saved', { name: saved.name }))
    onClose()
  }
  const change = useMutation({
    mutationFn: () =>
      callApi(contract.changeRecipe, {
        params: { recipeId: draft.recipeId! },
        body: { name: name.trim(), recipe, version: draft.version! },
      }),
    onSuccess: after,
  })
  const add = useMutation({ mutationFn: () => callApi(contract.addRecipe, { body: { name: name.trim(), recipe } }), onSuccess: after })
  const problem = change.error ?? add.error
  const isNamed = name.trim() !== ''
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('enrich.save')}
      description={t('enrich.saveWhat')}
      actions={
        draft.recipeId === null ? (
          <Button kind="main" disabled={!isNamed} busy={add.isPending} onClick={() => add.mutate()}>
            {t('enrich.save')}
          </Button>
        ) : (
          <>
            <Button disabled={!isNamed} busy={add.isPending} onClick={() => add.mutate()}>
              {t('enrich.saveNew')}
            </Button>
            <Button kind="main" disabled={!isNamed} busy={change.isPending} onClick={() => change.mutate()}>
              {t('enrich.saveOver')}
            </Button>
          </>
        )
      }
    >
      <TextInput label={t('enrich.recipeName')} value={name} onValueChange={setName} maxLength={200} />
      {draft.recipeId !== null && <MakesStale recipeId={draft.recipeId} recipe={recipe} />}
      {problem && <ErrorNote problem={toApiProblem(problem)} />}
    </Dialog>
  )
}

/** What saving over the recipe makes stale, and what writing that again costs about. */
function MakesStale({ recipeId, recipe }: { recipeId: string; recipe: ReturnType<typeof asSent> }) {
  const { t } = useText()
  const { about } = useMoneyText()
  const { data, isPending } = useQuery(queryOf(previewStale, { params: { recipeId }, body: { recipe } }))
  if (isPending) return <p className="mt-3 text-ink-2">{t('stale.preview.looking')}</p>
  if (!data || data.of === 0) return null // nothing was written with it yet, or it cannot be said
  const middle = middleOf(data.cost)
  return (
    <p className="mt-3">
      {data.values === 0
        ? t('stale.preview.none')
        : middle
          ? t('stale.preview.some', { count: data.values, cost: about(middle) })
          : t('stale.preview.unpriced', { count: data.values })}
      {data.counted < data.of && <span className="text-ink-2"> {t('stale.preview.sampled', { count: data.counted })}</span>}
    </p>
  )
}
