import { ChevronRight, Plus } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { Recipe, RecipeField } from '../../../contract/recipe.ts'
import type { RecipeIssue } from '../../../contract/recipes.ts'
import { Button } from '../../components/button.tsx'
import { Menu, MenuItem, MenuLine } from '../../components/menu.tsx'
import { useText } from '../../messages/text.tsx'
import { BUILT_IN_NAMES, type FieldTemplate, newField, OWN_KINDS } from './draft.ts'
import { FieldEditor } from './field-editor.tsx'
import { FromStructure } from './from-structure.tsx'
import { type KnownColumn, ShownColumns } from './shown-columns.tsx'
import { Rules, Voice } from './voice.tsx'

export interface RecipeEditorProps {
  readonly recipe: Recipe
  readonly issues: readonly RecipeIssue[]
  readonly columns: readonly KnownColumn[] | undefined
  readonly onChange: (recipe: Recipe) => void
}

/** What to write and how: fields and voice first, everything else on demand. */
export function RecipeEditor({ recipe, issues, columns, onChange }: RecipeEditorProps) {
  const { t } = useText()
  const set = (change: Partial<Recipe>): void => onChange({ ...recipe, ...change })
  const { fields } = recipe
  const setFields = (next: readonly RecipeField[]): void => set({ fields: [...next] })
  const add = (template: FieldTemplate): void => setFields([...fields, newField(template, recipe)])
  const [fromStructure, setFromStructure] = useState(false)
  const ofAll = issues.filter(({ path }) => path === '' || path === 'fields')
  return (
    <div className="flex flex-col gap-5">
      <div>
        <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
          <h3 className="font-semibold">{t('enrich.fields')}</h3>
          <Menu
            trigger={
              <Button small icon={<Plus aria-hidden className="size-4" />}>
                {t('enrich.addField')}
              </Button>
            }
          >
            {BUILT_IN_NAMES.map((name) => (
              <MenuItem key={name} onSelect={() => add(name)}>
                {t(`enrich.templates.${name}`)}
              </MenuItem>
            ))}
            <MenuLine />
            {OWN_KINDS.map((kind) => (
              <MenuItem key={kind} onSelect={() => add(kind)}>
                {t(`enrich.kinds.${kind}`)}
              </MenuItem>
            ))}
            <MenuLine />
            <MenuItem onSelect={() => setFromStructure(true)}>{t('enrich.fromStructure.open')}</MenuItem>
          </Menu>
        </div>
        <div className="rounded-md border border-line bg-surface">
          {fields.map((field, index) => (
            <FieldEditor
              key={index}
              recipe={recipe}
              index={index}
              issues={issues}
              onChange={(next) => setFields(fields.map((other) => (other === field ? next : other)))}
              onMove={(by) => setFields(moved(fields, index, by))}
              onRemove={() => setFields(fields.filter((other) => other !== field))}
            />
          ))}
        </div>
        {ofAll.map(({ message }) => (
          <p key={message} className="mt-1 text-table text-failing">
            {message}
          </p>
        ))}
      </div>
      {fromStructure && (
        <FromStructure
          recipe={recipe}
          onClose={() => setFromStructure(false)}
          onFields={(more) => {
            setFields([...fields, ...more])
            setFromStructure(false)
          }}
        />
      )}
      <Voice recipe={recipe} issues={issues} onChange={set} />
      <div className="rounded-md border border-line bg-surface">
        <Part title={t('enrich.rulesAndWords')}>
          <Rules recipe={recipe} issues={issues} onChange={set} />
        </Part>
        <Part title={t('enrich.shown')}>
          {columns ? <ShownColumns columns={columns} show={recipe.show} onChange={(show) => set({ show })} /> : null}
        </Part>
      </div>
    </div>
  )
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <details className="group border-b border-line last:border-0">
    <summary className="flex min-h-11 items-center gap-2 px-3 py-2 font-medium marker:content-none hover:bg-sunken">
      <ChevronRight
        aria-hidden
        className="size-4 shrink-0 text-ink-2 transition-transform group-open:rotate-90 rtl:rotate-180 rtl:group-open:rotate-90"
      />
      {title}
    </summary>
    <div className="px-3 pt-1 pb-4 sm:ps-9">{children}</div>
  </details>
)

function moved(fields: readonly RecipeField[], index: number, by: 1 | -1): RecipeField[] {
  const next = [...fields]
  const [field] = next.splice(index, 1)
  next.splice(index + by, 0, field!)
  return next
}
