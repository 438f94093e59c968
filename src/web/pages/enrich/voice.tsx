import { Plus, X } from 'lucide-react'
import type { GlossaryEntry, Recipe } from '../../../contract/recipe.ts'
import type { RecipeIssue } from '../../../contract/recipes.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { LanguageChoice } from './language-choice.tsx'
import { NumberInput } from './number-input.tsx'

interface Props {
  readonly recipe: Recipe
  readonly issues: readonly RecipeIssue[]
  readonly onChange: (change: Partial<Recipe>) => void
}

/** Language and tone: what every recipe says first. */
export function Voice({ recipe, issues, onChange }: Props) {
  const { t } = useText()
  const errorOf = (path: string): string | undefined => issues.find((issue) => issue.path === path)?.message
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <LanguageChoice
        label={t('enrich.language')}
        value={recipe.locale}
        onChange={(locale) => onChange({ locale })}
        error={errorOf('locale')}
      />
      <TextInput
        label={t('enrich.tone')}
        optional
        placeholder={t('enrich.toneExample')}
        value={recipe.tone ?? ''}
        onValueChange={(tone) => onChange({ tone })}
        error={errorOf('tone')}
      />
    </div>
  )
}

/** Rules for every field, words to use and to avoid, products a call. */
export function Rules({ recipe, issues, onChange }: Props) {
  const { t } = useText()
  const errorOf = (path: string): string | undefined => issues.find((issue) => issue.path === path)?.message
  return (
    <div className="flex flex-col gap-5">
      <Textarea
        label={t('enrich.rules')}
        help={t('enrich.rulesHelp')}
        optional
        value={recipe.instructions ?? ''}
        onValueChange={(instructions) => onChange({ instructions })}
        error={errorOf('instructions')}
      />
      <Glossary
        entries={recipe.glossary ?? []}
        issues={issues}
        onChange={(glossary) => onChange({ glossary: glossary.length > 0 ? glossary : undefined })}
      />
      <div className="max-w-60">
        <NumberInput
          label={t('enrich.perCall')}
          value={recipe.perCall}
          onChange={(perCall) => onChange({ perCall: perCall ?? 1 })}
          error={errorOf('perCall')}
        />
        <p className="mt-1 text-table text-ink-2">{t('enrich.perCallHelp')}</p>
      </div>
    </div>
  )
}

function Glossary({
  entries,
  issues,
  onChange,
}: {
  entries: readonly GlossaryEntry[]
  issues: readonly RecipeIssue[]
  onChange: (entries: GlossaryEntry[]) => void
}) {
  const { t } = useText()
  const set = (index: number, entry: GlossaryEntry): void => onChange(entries.map((other, at) => (at === index ? entry : other)))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium">{t('enrich.glossary')}</legend>
      {entries.map((entry, index) => (
        <div key={index} className="flex flex-wrap items-start gap-2">
          <div className="min-w-32 flex-1">
            <TextInput
              hideLabel
              label={t('enrich.term')}
              placeholder={t('enrich.term')}
              value={entry.term}
              onValueChange={(term) => set(index, { ...entry, term })}
            />
          </div>
          <div className="w-36">
            <Select
              hideLabel
              label={t('enrich.glossaryRule')}
              value={entry.avoid ? 'avoid' : 'use'}
              onChange={(rule) =>
                set(index, rule === 'avoid' ? { term: entry.term, avoid: true } : { term: entry.term, use: entry.use ?? '' })
              }
              options={[
                { value: 'use', label: t('enrich.write') },
                { value: 'avoid', label: t('enrich.neverWrite') },
              ]}
            />
          </div>
          <div className="min-w-32 flex-1">
            {!entry.avoid && (
              <TextInput
                hideLabel
                label={t('enrich.useInstead')}
                placeholder={t('enrich.useInstead')}
                value={entry.use ?? ''}
                onValueChange={(use) => set(index, { ...entry, use })}
              />
            )}
          </div>
          <IconButton
            label={t('enrich.removeTerm', { term: entry.term })}
            icon={<X aria-hidden className="size-4" />}
            onClick={() => onChange(entries.filter((_, at) => at !== index))}
          />
          {issues
            .filter(({ path }) => path.startsWith(`glossary.${index}`))
            .map(({ path, message }) => (
              <p key={path} className="w-full text-table text-failing">
                {message}
              </p>
            ))}
        </div>
      ))}
      <div>
        <Button small icon={<Plus aria-hidden className="size-4" />} onClick={() => onChange([...entries, { term: '', use: '' }])}>
          {t('enrich.addTerm')}
        </Button>
      </div>
    </fieldset>
  )
}
