import { ArrowDown, ArrowUp, ChevronRight, Trash2 } from 'lucide-react'
import type { RecipeIssue } from '../../../contract/recipes.ts'
import type { Recipe, RecipeField } from '../../../contract/recipe.ts'
import { Badge } from '../../components/badge.tsx'
import { IconButton } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { LanguageChoice } from './language-choice.tsx'
import { NumberInput } from './number-input.tsx'

export interface FieldEditorProps {
  readonly recipe: Recipe
  readonly index: number
  readonly issues: readonly RecipeIssue[]
  readonly onChange: (field: RecipeField) => void
  readonly onMove: (by: 1 | -1) => void
  readonly onRemove: () => void
}

/** One field of a recipe: what to write and how long, at a glance; the rest on demand. */
export function FieldEditor({ recipe, index, issues, onChange, onMove, onRemove }: FieldEditorProps) {
  const { t } = useText()
  const field = recipe.fields[index]!
  const at = `fields.${index}`
  const own = issues.filter(({ path }) => path === at || path.startsWith(`${at}.`))
  const errorOf = (...keys: string[]): string | undefined =>
    own.find(({ path }) => keys.some((key) => path === `${at}.${key}` || path.startsWith(`${at}.${key}.`)))?.message
  const set = (change: Partial<Record<string, unknown>>): void => onChange({ ...field, ...change })
  const column = field.column ?? field.name
  return (
    <details className="group border-b border-line last:border-0" name="recipe-fields">
      <summary className="flex min-h-11 items-center gap-2 px-3 py-2 marker:content-none hover:bg-sunken">
        <ChevronRight
          aria-hidden
          className="size-4 shrink-0 text-ink-2 transition-transform group-open:rotate-90 rtl:rotate-180 rtl:group-open:rotate-90"
        />
        <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2">
          <bdi className="font-medium">{column}</bdi>
          <span className="text-table text-ink-2">{t(`enrich.kinds.${field.type}`)}</span>
          <span dir="auto" className="min-w-0 flex-1 basis-40 truncate text-table text-ink-2 group-open:hidden">
            {field.instructions}
          </span>
        </span>
        {own.length > 0 && <Badge meaning="failing">{t('enrich.toCorrect', { count: own.length })}</Badge>}
      </summary>
      <div className="flex flex-col gap-4 px-3 pt-3 pb-4 sm:ps-9">
        <Textarea
          label={t('enrich.instructions')}
          rows={2}
          value={field.instructions ?? ''}
          onValueChange={(instructions) => set({ instructions })}
          error={errorOf('instructions')}
        />
        <Lengths field={field} set={set} errorOf={errorOf} />
        <TextInput
          label={t('enrich.column')}
          help={t('enrich.columnHelp')}
          value={column}
          onValueChange={(next) => set({ column: next })}
          error={errorOf('column')}
        />
        <More field={field} recipe={recipe} set={set} errorOf={errorOf} />
        {own
          .filter(({ path }) => path === at)
          .map(({ message }) => (
            <p key={message} className="text-table text-failing">
              {message}
            </p>
          ))}
        <div className="flex flex-wrap items-center justify-between gap-2">
          <span className="flex gap-1">
            <IconButton
              label={t('enrich.moveUp')}
              icon={<ArrowUp aria-hidden className="size-4" />}
              disabled={index === 0}
              onClick={() => onMove(-1)}
            />
            <IconButton
              label={t('enrich.moveDown')}
              icon={<ArrowDown aria-hidden className="size-4" />}
              disabled={index === recipe.fields.length - 1}
              onClick={() => onMove(1)}
            />
          </span>
          <IconButton
            label={t('enrich.removeField', { name: column })}
            icon={<Trash2 aria-hidden className="size-4" />}
            disabled={recipe.fields.length === 1}
            onClick={onRemove}
          />
        </div>
      </div>
    </details>
  )
}

interface PartProps {
  readonly field: RecipeField
  readonly set: (change: Record<string, unknown>) => void
  readonly errorOf: (...keys: string[]) => string | undefined
}

const ROW = 'grid grid-cols-2 gap-3 sm:grid-cols-4'

/** The measurable rules of a field, by its kind. */
function Lengths({ field, set, errorOf }: PartProps) {
  const { t } = useText()
  if (field.type === 'text') {
    return (
      <div className={ROW}>
        <NumberInput
          label={t('enrich.mostWords')}
          value={field.words?.max}
          onChange={(max) => set({ words: { ...field.words, max } })}
          error={errorOf('words')}
        />
        <NumberInput
          label={t('enrich.mostCharacters')}
          value={field.characters?.max}
          onChange={(max) => set({ characters: { ...field.characters, max } })}
          error={errorOf('characters')}
        />
      </div>
    )
  }
  if (field.type === 'attributes') {
    const names = field.names?.map((entry) => (typeof entry === 'string' ? entry : entry.name)) ?? []
    const ruleOf = (name: string) => field.names?.find((entry) => (typeof entry === 'string' ? entry : entry.name) === name) ?? name
    return (
      <>
        <Textarea
          label={t('enrich.names')}
          help={t('enrich.namesHelp')}
          optional
          rows={2}
          value={names.join('\n')}
          onValueChange={(text) => {
            const lines = linesOf(text)
            set(lines.length === 0 ? { names: undefined, count: { min: 1, max: 5 } } : { names: lines.map(ruleOf), count: undefined })
          }}
          error={errorOf('names')}
        />
        {names.length === 0 && (
          <div className={ROW}>
            <NumberInput
              label={t('enrich.mostAttributes')}
              value={field.count?.max}
              onChange={(max) => set({ count: { ...field.count, max } })}
              error={errorOf('count')}
            />
          </div>
        )}
      </>
    )
  }
  if (field.type === 'select') {
    return (
      <Textarea
        label={t('enrich.values')}
        help={t('enrich.onePerLine')}
        rows={3}
        value={field.values.join('\n')}
        onValueChange={(text) => set({ values: linesOf(text, true) })}
        error={errorOf('values')}
      />
    )
  }
  return (
    <div className={ROW}>
      <TextInput
        label={t('enrich.unit')}
        optional
        value={field.unit ?? ''}
        onValueChange={(unit) => set({ unit })}
        error={errorOf('unit')}
      />
      <NumberInput
        label={t('enrich.least')}
        value={field.minimum}
        onChange={(minimum) => set({ minimum })}
        error={errorOf('minimum')}
        signed
      />
      <NumberInput
        label={t('enrich.most')}
        value={field.maximum}
        onChange={(maximum) => set({ maximum })}
        error={errorOf('maximum')}
        signed
      />
      <NumberInput
        label={t('enrich.decimals')}
        value={field.decimals}
        onChange={(decimals) => set({ decimals })}
        error={errorOf('decimals')}
      />
    </div>
  )
}

/** Lines of a text; while it is typed an empty last one stays. */
function linesOf(text: string, keepsOpen = false): string[] {
  const lines = text.split('\n')
  return lines.filter((line, index) => line.trim() !== '' || (keepsOpen && index === lines.length - 1 && lines.length > 1))
}

/** What few recipes need. */
function More({ field, recipe, set, errorOf }: PartProps & { recipe: Recipe }) {
  const { t } = useText()
  return (
    <details className="group/more">
      <summary className="inline-flex items-center gap-1.5 text-table text-ink-2 marker:content-none hover:text-ink">
        <ChevronRight
          aria-hidden
          className="size-3.5 transition-transform group-open/more:rotate-90 rtl:rotate-180 rtl:group-open/more:rotate-90"
        />
        {t('enrich.more')}
      </summary>
      <div className="mt-3 flex flex-col gap-4">
        <div className="grid gap-3 sm:grid-cols-2">
          <TextInput
            label={t('enrich.fieldName')}
            help={t('enrich.fieldNameHelp')}
            mono
            dir="ltr"
            value={field.name}
            onValueChange={(name) => set({ name })}
            error={errorOf('name')}
          />
          <LanguageChoice
            label={t('enrich.fieldLanguage')}
            optional
            value={field.locale ?? ''}
            placeholder={recipe.locale}
            onChange={(locale) => set({ locale })}
            error={errorOf('locale')}
          />
        </div>
        <TextInput
          label={t('enrich.tone')}
          optional
          value={field.tone ?? ''}
          onValueChange={(tone) => set({ tone })}
          error={errorOf('tone')}
        />
        {field.type === 'text' && (
          <div className={ROW}>
            <NumberInput
              label={t('enrich.leastWords')}
              value={field.words?.min}
              onChange={(min) => set({ words: { ...field.words, min } })}
            />
            <NumberInput
              label={t('enrich.leastCharacters')}
              value={field.characters?.min}
              onChange={(min) => set({ characters: { ...field.characters, min } })}
            />
          </div>
        )}
        <div className={cx('flex flex-wrap gap-x-6 gap-y-2')}>
          <Checkbox label={t('enrich.required')} checked={field.required} onChange={(required) => set({ required })} />
          {field.type === 'text' && (
            <Checkbox label={t('enrich.paragraphs')} checked={field.paragraphs} onChange={(paragraphs) => set({ paragraphs })} />
          )}
        </div>
        {(field.type === 'text' || field.type === 'select') && (
          <Textarea
            label={t('enrich.example')}
            optional
            rows={2}
            value={field.example ?? ''}
            onValueChange={(example) => set({ example })}
            error={errorOf('example')}
          />
        )}
      </div>
    </details>
  )
}
