import { useInfiniteQuery } from '@tanstack/react-query'
import { Group } from 'lucide-react'
import { useState } from 'react'
import { type GroupView, listGroups } from '../../../contract/structure.ts'
import { listOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import type { Column } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { ItemTable, useItemColumns } from './item-list.tsx'
import { ItemSheet } from './item-sheet.tsx'
import { SearchItems } from './search-items.tsx'
import type { TabProps } from './tab.ts'

/** Groups: attributes that stand beside each other. */
export function Groups({ search, adding, onAdded, onChange }: TabProps) {
  const { t, language } = useText()
  const { label, code, origin } = useItemColumns()
  const query = { limit: 200, ...(search.search ? { search: search.search } : {}) }
  const list = useInfiniteQuery({ ...listOf(listGroups, { query }), placeholderData: (before) => before })
  const columns: Column<GroupView>[] = [
    label,
    { ...code, width: '14rem' },
    {
      id: 'attributes',
      header: t('structure.columns.attributes'),
      width: '8rem',
      align: 'end',
      cell: (item) => formatCount(item.attributes, language),
    },
    origin,
  ]
  return (
    <ItemTable
      kind="groups"
      icon={Group}
      list={list}
      columns={columns}
      skeleton={{ columns: 4 }}
      isNarrowed={Boolean(search.search)}
      tools={<SearchItems value={search.search ?? ''} onChange={(text) => onChange({ ...search, search: text || undefined })} />}
      adding={adding}
      onAdded={onAdded}
      sheet={GroupSheet}
    />
  )
}

function GroupSheet({ item, onClose }: { item: GroupView | undefined; onClose: () => void }) {
  const { t } = useText()
  const [position, setPosition] = useState(String(item?.position ?? 0))
  return (
    <ItemSheet kind="groups" item={item} members={{ position: Math.trunc(Number(position)) || 0 }} onClose={onClose}>
      <TextInput label={t('structure.position')} type="number" dir="ltr" value={position} onValueChange={setPosition} />
    </ItemSheet>
  )
}
