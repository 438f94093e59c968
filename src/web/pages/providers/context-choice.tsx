import { useQuery } from '@tanstack/react-query'
import { CONTEXTS, listAssignments } from '../../../contract/assignments.ts'
import { queryOf } from '../../api/query.ts'
import { Checkbox, RadioGroup } from '../../components/choice.tsx'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'

export interface ContextChoiceProps {
  /** Null: any. */
  value: readonly string[] | null
  onChange: (value: string[] | null) => void
}

/** Which kinds of use a connection may serve. */
export function ContextChoice({ value, onChange }: ContextChoiceProps) {
  const { t } = useText()
  const nameOf = useContextName()
  const { data } = useQuery(queryOf(listAssignments))
  const contexts = data?.items.map(({ context }) => context) ?? CONTEXTS
  return (
    <div className="flex flex-col gap-2">
      <RadioGroup
        label={t('providers.contexts.label')}
        inline
        value={value === null ? 'any' : 'some'}
        onChange={(next) => onChange(next === 'any' ? null : [])}
        options={[
          { value: 'any', label: t('providers.contexts.any') },
          { value: 'some', label: t('providers.contexts.some') },
        ]}
      />
      {value !== null && (
        <div className="grid gap-1.5 ps-6 sm:grid-cols-2">
          {contexts.map((context) => (
            <Checkbox
              key={context}
              label={nameOf(context)}
              checked={value.includes(context)}
              onChange={(checked) => onChange(checked ? [...value, context] : value.filter((one) => one !== context))}
            />
          ))}
        </div>
      )}
    </div>
  )
}
