import type { SourceView } from '../../../contract/catalogue.ts'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'

export type Roles = SourceView['columns']

/** Which columns the list shows as name, family and picture. */
export function ColumnRoles({ columns, roles, onChange }: { columns: readonly string[]; roles: Roles; onChange: (roles: Roles) => void }) {
  const { t } = useText()
  const options = columns.map((column) => ({ value: column, label: column }))
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {(['name', 'family', 'picture'] as const).map((role) => (
        <Combobox
          key={role}
          label={t(`catalogue.roles.${role}`)}
          placeholder={t('catalogue.roles.none')}
          value={roles[role]}
          onChange={(column) => onChange({ ...roles, [role]: column })}
          options={options}
        />
      ))}
    </div>
  )
}
