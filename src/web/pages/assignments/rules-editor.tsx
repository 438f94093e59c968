import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { AssignmentRules } from '../../../contract/assignments.ts'
import { productFacets } from '../../../contract/catalogue.ts'
import { queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { useText } from '../../messages/text.tsx'
import { NameList } from './name-list.tsx'

type Rule = keyof AssignmentRules
const RULES = ['families', 'missing', 'inputCharacters', 'flaggedByFirst'] as const satisfies Rule[]

export interface RulesEditorProps {
  rules: AssignmentRules
  isFirst: boolean
  mayWrite: boolean
  onChange: (rules: AssignmentRules) => void
}

/** Which records a candidate is for, in sentences. Without any it takes all. */
export function RulesEditor({ rules, isFirst, mayWrite, onChange }: RulesEditorProps) {
  const { t } = useText()
  const { data: facets } = useQuery({ ...queryOf(productFacets), enabled: mayWrite })
  const set = (change: Partial<AssignmentRules>) => onChange({ ...rules, ...change })
  const without = (rule: Rule) => onChange(Object.fromEntries(Object.entries(rules).filter(([name]) => name !== rule)))
  const left = RULES.filter((rule) => rules[rule] === undefined && !(isFirst && rule === 'flaggedByFirst'))
  const present = RULES.filter((rule) => rules[rule] !== undefined)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h4 className="font-medium">{t('assignments.rules.title')}</h4>
        {mayWrite && left.length > 0 && (
          <Menu
            trigger={
              <Button small icon={<Plus aria-hidden className="size-4" />}>
                {t('assignments.rules.add')}
              </Button>
            }
          >
            {left.map((rule) => (
              <MenuItem key={rule} onSelect={() => set(EMPTY[rule])}>
                {t(`assignments.rules.${rule}`)}
              </MenuItem>
            ))}
          </Menu>
        )}
      </div>
      {present.length === 0 && <p className="text-ink-2">{t('assignments.rules.none')}</p>}
      {rules.flaggedByFirst && (
        <RuleLine rule="flaggedByFirst" mayWrite={mayWrite} onRemove={without}>
          <p>{t('assignments.rules.flaggedText')}</p>
        </RuleLine>
      )}
      {rules.families && (
        <RuleLine rule="families" mayWrite={mayWrite} onRemove={without}>
          <NameList
            label={t('assignments.rules.families')}
            add={t('assignments.rules.addFamily')}
            names={rules.families}
            known={facets?.families.flatMap(({ family }) => (family === null ? [] : [family])) ?? []}
            disabled={!mayWrite}
            onChange={(families) => set({ families })}
          />
        </RuleLine>
      )}
      {rules.missing && (
        <RuleLine rule="missing" mayWrite={mayWrite} onRemove={without}>
          <NameList
            label={t('assignments.rules.missing')}
            add={t('assignments.rules.addAttribute')}
            names={rules.missing}
            known={facets?.attributes.map(({ attribute }) => attribute) ?? []}
            disabled={!mayWrite}
            onChange={(missing) => set({ missing })}
          />
        </RuleLine>
      )}
      {rules.inputCharacters && (
        <RuleLine rule="inputCharacters" mayWrite={mayWrite} onRemove={without}>
          <LengthRule value={rules.inputCharacters} disabled={!mayWrite} onChange={(inputCharacters) => set({ inputCharacters })} />
        </RuleLine>
      )}
    </div>
  )
}

const EMPTY: Record<Rule, Partial<AssignmentRules>> = {
  families: { families: [] },
  missing: { missing: [] },
  inputCharacters: { inputCharacters: { atMost: 1_000 } },
  flaggedByFirst: { flaggedByFirst: true },
}

interface RuleLineProps {
  rule: Rule
  mayWrite: boolean
  onRemove: (rule: Rule) => void
  children: ReactNode
}

function RuleLine({ rule, mayWrite, onRemove, children }: RuleLineProps) {
  const { t } = useText()
  return (
    <div className="flex items-start gap-2 rounded-md bg-sunken px-3 py-2">
      <div className="min-w-0 flex-1">{children}</div>
      {mayWrite && (
        <IconButton
          small
          label={t('assignments.rules.remove', { rule: t(`assignments.rules.${rule}`) })}
          icon={<X aria-hidden className="size-4" />}
          onClick={() => onRemove(rule)}
        />
      )}
    </div>
  )
}

type Length = NonNullable<AssignmentRules['inputCharacters']>

function LengthRule({ value, disabled, onChange }: { value: Length; disabled: boolean; onChange: (value: Length) => void }) {
  const { t } = useText()
  const set = (bound: keyof Length, text: string) => {
    const { [bound]: _, ...rest } = value
    const count = Number.parseInt(text, 10)
    onChange(Number.isNaN(count) ? rest : { ...rest, [bound]: count })
  }
  const isEmpty = value.atLeast === undefined && value.atMost === undefined
  const isWrong = (value.atLeast ?? 0) > (value.atMost ?? Number.POSITIVE_INFINITY)
  const problem = isEmpty ? t('assignments.rules.lengthEmpty') : isWrong ? t('assignments.rules.lengthWrong') : undefined
  return (
    <div className="grid gap-2 sm:grid-cols-2">
      <p className="font-medium sm:col-span-2">{t('assignments.rules.inputCharacters')}</p>
      {(['atLeast', 'atMost'] as const).map((bound) => (
        <TextInput
          key={bound}
          label={t(`assignments.rules.${bound}`)}
          optional
          type="number"
          min={0}
          dir="ltr"
          disabled={disabled}
          value={value[bound] ?? ''}
          onValueChange={(text: string) => set(bound, text)}
          error={bound === 'atMost' ? problem : undefined}
        />
      ))}
      <p className="text-table text-ink-2 sm:col-span-2">{t('assignments.rules.lengthWhat')}</p>
    </div>
  )
}
