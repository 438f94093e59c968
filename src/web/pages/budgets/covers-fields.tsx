import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { listAssignments } from '../../../contract/assignments.ts'
import type { CoversInput } from '../../../contract/budgets.ts'
import { listConnections } from '../../../contract/connections.ts'
import { listVirtualKeys } from '../../../contract/gateway.ts'
import { listMembers } from '../../../contract/people.ts'
import { queryOf } from '../../api/query.ts'
import { IconButton } from '../../components/button.tsx'
import { Combobox, type Option } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'

/** Which calls it is for: nothing chosen in a line means any. */
export function CoversFields({ covers, onChange }: { covers: CoversInput; onChange: (covers: CoversInput) => void }) {
  const { t } = useText()
  const contextName = useContextName()
  const connections = useQuery(queryOf(listConnections)).data?.items ?? []
  const contexts = useQuery(queryOf(listAssignments)).data?.items ?? []
  const members = useQuery(queryOf(listMembers)).data?.members ?? []
  const virtualKeys = useQuery(queryOf(listVirtualKeys)).data?.items ?? []
  const change = (list: keyof CoversInput) => (chosen: string[]) => {
    const { [list]: _, ...others } = covers
    onChange(chosen.length === 0 ? others : { ...others, [list]: chosen })
  }
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-3">
      <legend className="px-1 font-medium">{t('budgets.covers.title')}</legend>
      <p className="text-table text-ink-2">{t('budgets.covers.help')}</p>
      <Several
        label={t('budgets.covers.connections')}
        chosen={covers.connectionIds ?? []}
        options={connections.filter(({ status }) => status === 'active').map(({ id, label }) => ({ value: id, label }))}
        onChange={change('connectionIds')}
      />
      <Several
        label={t('budgets.covers.contexts')}
        chosen={covers.contexts ?? []}
        options={contexts.map(({ context }) => ({ value: context, label: contextName(context) }))}
        onChange={change('contexts')}
      />
      <Several
        label={t('budgets.covers.members')}
        chosen={covers.memberIds ?? []}
        options={members.map(({ userId, name }) => ({ value: userId, label: name }))}
        onChange={change('memberIds')}
      />
      <Several
        label={t('budgets.covers.virtualKeys')}
        chosen={covers.virtualKeyIds ?? []}
        options={virtualKeys.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={change('virtualKeyIds')}
      />
    </fieldset>
  )
}

/** Some of many: each chosen one with a cross, and a field that adds another. */
function Several({
  label,
  chosen,
  options,
  onChange,
}: {
  label: string
  chosen: readonly string[]
  options: readonly Option[]
  onChange: (chosen: string[]) => void
}): ReactNode {
  const { t } = useText()
  const nameOf = (value: string): string => options.find((option) => option.value === value)?.label ?? t('budgets.covers.gone')
  return (
    <div className="flex flex-col gap-1.5">
      <Combobox
        key={chosen.join()}
        label={label}
        placeholder={chosen.length === 0 ? t('budgets.covers.any') : t('budgets.covers.add')}
        value={null}
        options={options.filter(({ value }) => !chosen.includes(value))}
        onChange={(value) => value !== null && onChange([...chosen, value])}
      />
      {chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {chosen.map((value) => (
            <li key={value} className="inline-flex max-w-full items-center gap-1 rounded-md border border-line bg-surface ps-2">
              <bdi className="min-w-0 truncate">{nameOf(value)}</bdi>
              <IconButton
                small
                label={t('budgets.covers.takeOut', { name: nameOf(value) })}
                icon={<X aria-hidden className="size-3.5" />}
                onClick={() => onChange(chosen.filter((other) => other !== value))}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
