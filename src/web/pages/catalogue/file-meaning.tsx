import type { FileLookView } from '../../../contract/catalogue.ts'
import type { SourceMapping } from '../../../contract/mapping.ts'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { MappingTable } from './mapping-table.tsx'

/** The format that a file's columns show, and what each of them means: as found or saved, to be changed. */
export function FileMeaning({
  look,
  mapping,
  onChange,
}: {
  look: FileLookView
  mapping: SourceMapping | null
  onChange: (mapping: SourceMapping | null) => void
}) {
  const { t } = useText()
  const { profile } = look
  const profiles = [...new Set(['plain', profile.id, mapping?.profile ?? 'plain', look.mapping?.profile ?? 'plain'] as const)]
  const choose = (id: (typeof profiles)[number]) => {
    if (id === (mapping?.profile ?? 'plain')) return
    onChange(id === look.mapping?.profile ? look.mapping : id === profile.id ? profile.mapping : null)
  }
  const [first] = look.rows
  const samples = new Map(
    look.columns.flatMap((column) => {
      const row = look.rows.find(({ values }) => values[column] !== undefined)
      return row ? [[column, row.values[column]!] as const] : []
    }),
  )
  return (
    <section aria-label={t('mapping.title')} className="flex flex-col gap-3">
      <div className="grid items-start gap-3 sm:grid-cols-[minmax(0,16rem)_1fr]">
        <Select
          label={t('mapping.format')}
          value={mapping?.profile ?? 'plain'}
          onChange={choose}
          options={profiles.map((value) => ({ value, label: t(`mapping.profiles.${value}`) }))}
        />
        <p dir="auto" className="text-table text-ink-2 sm:pt-7">
          {profile.reason}
        </p>
      </div>
      <details open={profile.id !== 'plain' && first !== undefined}>
        <summary className="font-medium">{t('mapping.title')}</summary>
        <div className="mt-2">
          <MappingTable key={mapping?.profile ?? 'plain'} columns={look.columns} mapping={mapping} samples={samples} onChange={onChange} />
        </div>
      </details>
    </section>
  )
}

/** The attributes that a file has, by the meaning of its columns. */
export const attributesOf = (columns: readonly string[], mapping: SourceMapping | null): string[] =>
  mapping === null
    ? [...columns]
    : [
        ...new Set(
          mapping.columns.flatMap(({ role, attribute, member, column }) => (role === 'kept' ? [] : [attribute ?? member ?? column])),
        ),
      ]
