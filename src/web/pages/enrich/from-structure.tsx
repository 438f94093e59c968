import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Recipe, RecipeField } from '../../../contract/recipe.ts'
import { type AttributeView, listAttributes, listFamilies, listOptions } from '../../../contract/structure.ts'
import { callApi } from '../../api/call.ts'
import { type ApiProblem, toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { labelText } from '../structure/label-text.ts'
import { fieldsOf, type WithOptions } from './structure-fields.ts'

/** Fields from what the catalogue knows: the attributes of a family, or one attribute with its options as allowed values. */
export function FromStructure({
  recipe,
  onFields,
  onClose,
}: {
  recipe: Recipe
  onFields: (fields: RecipeField[]) => void
  onClose: () => void
}) {
  const { t, language } = useText()
  const [family, setFamily] = useState<string | null>(null)
  const [attribute, setAttribute] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const [isNothing, setIsNothing] = useState(false)
  const families = useQuery(queryOf(listFamilies, { query: { limit: 500 } }))
  const selects = useQuery(queryOf(listAttributes, { query: { type: 'select', limit: 500 } }))
  const add = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const chosen = selects.data?.items.filter(({ code }) => code === attribute) ?? []
      const found = attribute === null ? (await callApi(listAttributes, { query: { family: family!, limit: 500 } })).items : chosen
      const fields = fieldsOf(await Promise.all(found.map(withOptions)), recipe, language)
      setIsNothing(fields.length === 0)
      if (fields.length > 0) onFields(fields)
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('enrich.fromStructure.title')}
      description={t('enrich.fromStructure.what')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" busy={busy} disabled={family === null && attribute === null} onClick={() => void add()}>
            {t('enrich.fromStructure.add')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Combobox
          label={t('enrich.fromStructure.family')}
          value={family}
          onChange={(next) => {
            setFamily(next)
            setAttribute(null)
          }}
          options={(families.data?.items ?? []).map((each) => ({ value: each.code, label: labelText(each, language) }))}
        />
        <Combobox
          label={t('enrich.fromStructure.attribute')}
          value={attribute}
          onChange={(next) => {
            setAttribute(next)
            setFamily(null)
          }}
          options={(selects.data?.items ?? []).map((each) => ({ value: each.code, label: labelText(each, language) }))}
        />
        {isNothing && <p className="text-attention">{t('enrich.fromStructure.nothing')}</p>}
        {problem && <ErrorNote problem={problem} />}
      </div>
    </Dialog>
  )
}

async function withOptions(attribute: AttributeView): Promise<WithOptions> {
  if (attribute.type !== 'select') return { attribute, options: [] }
  const { items } = await callApi(listOptions, { params: { attribute: attribute.code }, query: { limit: 500 } })
  return { attribute, options: items.map(({ code }) => code) }
}
