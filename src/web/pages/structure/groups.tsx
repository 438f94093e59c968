import { useInfiniteQuery } from '@tanstack/react-query'
import { Group } from 'lucide-react'
import { useState } from 'react'
import { type GroupView, listGroups } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { ItemSheet } from './item-sheet.tsx'
import { labelText } from './label-text.ts'
import { Nothing } from './nothing.tsx'
import { OriginOf } from './origin.tsx'
import { SearchItems } from './search-items.tsx'
import type { TabProps } from './tab.ts'

/** Groups: attributes that stand beside each other. */
export function Groups({ search, adding, onAdded, onChange }: TabProps) {
  const { t, language } = useText()
  const [open, setOpen] = useState<GroupView>()
  const query = { limit: 200, ...(search.search ? { search: search.search } : {}) }
  const list = useInfiniteQuery({ ...listOf(listGroups, { query }), placeholderData: (before) => before })
  const columns: Column<GroupView>[] = [
    {
      id: 'label',
      header: t('structure.columns.label'),
      fixed: true,
      card: 'title',
      cell: (item) => <bdi className="font-medium">{labelText(item, language)}</bdi>,
    },
    { id: 'code', header: t('structure.columns.code'), width: '14rem', cell: (item) => <bdi className="font-mono">{item.code}</bdi> },
    {
      id: 'attributes',
      header: t('structure.columns.attributes'),
      width: '8rem',
      align: 'end',
      cell: (item) => formatCount(item.attributes, language),
    },
    { id: 'origin', header: t('structure.columns.origin'), width: '9rem', cell: (item) => <OriginOf item={item} /> },
  ]
  if (list.error) return <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
  if (!list.data) return <TableSkeleton columns={4} />
  return (
    <>
      {list.data.items.length === 0 && !search.search ? (
        <Nothing kind="groups" icon={<Group aria-hidden className="size-8" />} />
      ) : (
        <Table
          name="groups"
          label={t('structure.tabs.groups')}
          rows={list.data.items}
          columns={columns}
          rowId={({ code }) => code}
          onOpen={setOpen}
          hasMore={list.hasNextPage}
          loadingMore={list.isFetchingNextPage}
          onMore={() => !list.isFetchingNextPage && void list.fetchNextPage()}
          tools={<SearchItems value={search.search ?? ''} onChange={(text) => onChange({ ...search, search: text || undefined })} />}
          footnote={list.data.items.length === 0 ? t('structure.nothing') : undefined}
        />
      )}
      {(open ?? adding) && (
        <GroupSheet
          key={open?.code ?? ''}
          item={open}
          onClose={() => {
            setOpen(undefined)
            onAdded()
          }}
        />
      )}
    </>
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
