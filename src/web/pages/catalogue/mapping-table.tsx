import { useState } from 'react'
import type { ColumnMapping, SourceMapping } from '../../../contract/mapping.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { ScrollBox } from '../../components/scroll-box.tsx'
import { useText } from '../../messages/text.tsx'
import { ColumnEditor } from './column-editor.tsx'

const SHOWN = 100
const SEARCHED_FROM = 20 // columns

/** What each column of a file means, with samples of its values; one at a time is changed. `mapping` null: each is an attribute of its name. */
export function MappingTable({
  columns,
  mapping,
  samples,
  onChange,
}: {
  columns: readonly string[]
  mapping: SourceMapping | null
  samples?: ReadonlyMap<string, string> | undefined
  onChange: (mapping: SourceMapping) => void
}) {
  const { t } = useText()
  const [editing, setEditing] = useState<string>()
  const [search, setSearch] = useState('')
  const [shown, setShown] = useState(SHOWN)
  const all = mapping?.columns ?? columns.map((column): ColumnMapping => ({ column, role: 'attribute' }))
  const edited = all.find((one) => keyOf(one) === editing)
  const wanted = search.trim().toLowerCase()
  const found = all.filter(({ column, attribute = '' }) => `${column}\n${attribute}`.toLowerCase().includes(wanted))
  const change = (before: ColumnMapping, after: ColumnMapping) =>
    onChange({ profile: mapping?.profile ?? 'plain', columns: all.map((one) => (one === before ? after : one)) })
  return (
    <div className="flex flex-col gap-2">
      {all.length > SEARCHED_FROM && (
        <div className="max-w-xs">
          <TextInput
            label={t('mapping.find')}
            hideLabel
            placeholder={t('mapping.find')}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      )}
      {edited && (
        <section key={editing} aria-label={t('mapping.changeColumn', { column: edited.column })} className="rounded-md bg-sunken p-3">
          <h3 className="mb-2 font-medium break-words">
            <bdi>{edited.member ?? edited.column}</bdi>
          </h3>
          <ColumnEditor column={edited} onChange={(next) => change(edited, next)} onDone={() => setEditing(undefined)} />
        </section>
      )}
      <ScrollBox label={t('mapping.columns')}>
        <table className="min-w-full text-table">
          <thead className="sticky top-0 z-1 bg-sunken">
            <tr>
              <th scope="col" className="px-3 py-1.5 text-start font-medium">
                {t('mapping.column')}
              </th>
              <th scope="col" className="px-3 py-1.5 text-start font-medium">
                {t('mapping.means')}
              </th>
              {samples && (
                <th scope="col" className="px-3 py-1.5 text-start font-medium">
                  {t('mapping.sample')}
                </th>
              )}
              <th scope="col" className="px-3 py-1.5">
                <span className="sr-only">{t('mapping.change')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((one) => {
              const key = keyOf(one)
              return (
                <tr key={key} className="border-t border-line align-top">
                  <th scope="row" className="max-w-56 px-3 py-1.5 text-start font-normal break-words">
                    <bdi>{one.column}</bdi>
                    {one.member !== undefined && <bdi className="block text-ink-2">{one.member}</bdi>}
                  </th>
                  <td className="px-3 py-1.5">
                    <Meaning column={one} />
                  </td>
                  {samples && (
                    <td className="max-w-56 truncate px-3 py-1.5 text-ink-2">
                      <bdi>{samples.get(one.column)}</bdi>
                    </td>
                  )}
                  <td className="px-2 py-0.5 text-end">
                    <Button
                      small
                      kind="quiet"
                      aria-label={t('mapping.changeColumn', { column: one.column })}
                      onClick={() => setEditing(key)}
                    >
                      {t('mapping.change')}
                    </Button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </ScrollBox>
      {found.length > shown && (
        <div>
          <Button small onClick={() => setShown(shown + SHOWN)}>
            {t('mapping.more', { count: found.length - shown })}
          </Button>
        </div>
      )}
    </div>
  )
}

const keyOf = ({ column, member }: ColumnMapping): string => (member === undefined ? column : `${column}\n${member}`)

/** A column's meaning in words. */
function Meaning({ column: { column, member, role, attribute, locale, channel, currency, unit, level } }: { column: ColumnMapping }) {
  const { t } = useText()
  if (role === 'kept') return <span className="text-ink-2">{t('mapping.roles.kept')}</span>
  const more = [locale, channel, currency, unit].filter((part) => part !== undefined)
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
      <bdi className="font-medium">{attribute ?? member ?? column}</bdi>
      {more.map((part) => (
        <bdi key={part} className="text-ink-2">
          {part}
        </bdi>
      ))}
      {role !== 'attribute' && <Badge>{t(`mapping.roles.${role}`)}</Badge>}
      {level === 'variant' && <span className="text-ink-2">{t('mapping.ofVariant')}</span>}
    </span>
  )
}
