import type { LucideIcon } from 'lucide-react'
import { useState, type ComponentType, type ReactNode } from 'react'
import { toApiProblem } from '../../api/problem.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { type Labelled, labelText } from './label-text.ts'
import { Nothing } from './nothing.tsx'
import { OriginOf, type WithOrigin } from './origin.tsx'
import type { StructureList } from './search.ts'
import type { TabProps } from './tab.ts'

/** A query for a list: read whole, or page by page. */
interface Listed<Item> {
  readonly data: { readonly items: readonly Item[] } | undefined
  readonly error: Error | null
  readonly refetch: () => unknown
  readonly hasNextPage?: boolean
  readonly isFetchingNextPage?: boolean
  readonly fetchNextPage?: () => unknown
}

interface ItemListProps<Item> extends Pick<TabProps, 'adding' | 'onAdded'> {
  readonly kind: StructureList
  readonly icon: LucideIcon
  readonly list: Listed<Item>
  /** A search or a filter leaves out some: an empty list is none that holds nothing yet. */
  readonly isNarrowed?: boolean
  readonly skeleton: { readonly columns: number; readonly rows?: number }
  /** For the item that is open, or for a new one. */
  readonly sheet: ComponentType<{ item: Item | undefined; onClose: () => void }>
}

/** What every list of the structure does: it loads, fails, or is empty, and an item of it opens in a sheet. */
export function ItemList<Item extends { readonly code: string }>({
  kind,
  icon: Icon,
  list,
  isNarrowed = false,
  skeleton,
  adding,
  onAdded,
  sheet: Sheet,
  children,
}: ItemListProps<Item> & { readonly children: (items: readonly Item[], onOpen: (item: Item) => void) => ReactNode }) {
  const [open, setOpen] = useState<Item>()
  if (list.error) return <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
  if (!list.data) return <TableSkeleton {...skeleton} />
  const { items } = list.data
  return (
    <>
      {items.length === 0 && !isNarrowed ? (
        <Nothing kind={kind} icon={<Icon aria-hidden className="size-8" />} />
      ) : (
        children(items, (item) => setOpen(item))
      )}
      {(open ?? adding) && (
        <Sheet
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

/** Such a list as a table. */
export function ItemTable<Item extends { readonly code: string }>({
  columns,
  tools,
  footnote,
  ...props
}: ItemListProps<Item> & {
  readonly columns: readonly Column<Item>[]
  readonly tools?: ReactNode
  /** Below items; where a search finds none it says so. */
  readonly footnote?: string
}) {
  const { t } = useText()
  const { kind, list } = props
  const { hasNextPage = false, isFetchingNextPage = false, fetchNextPage } = list
  return (
    <ItemList {...props}>
      {(items, onOpen) => (
        <Table
          name={kind}
          label={t(`structure.tabs.${kind}`)}
          rows={items}
          columns={columns}
          rowId={({ code }) => code}
          onOpen={onOpen}
          hasMore={hasNextPage}
          loadingMore={isFetchingNextPage}
          onMore={() => !isFetchingNextPage && void fetchNextPage?.()}
          tools={tools}
          footnote={items.length === 0 ? t('structure.nothing') : footnote}
        />
      )}
    </ItemList>
  )
}

/** Columns that stand in more than one of these tables. */
export function useItemColumns() {
  const { t, language } = useText()
  return {
    label: {
      id: 'label',
      header: t('structure.columns.label'),
      fixed: true,
      card: 'title',
      cell: (item) => <bdi className="font-medium">{labelText(item, language)}</bdi>,
    } satisfies Column<Labelled>,
    code: {
      id: 'code',
      header: t('structure.columns.code'),
      cell: (item) => <bdi className="font-mono">{item.code}</bdi>,
    } satisfies Column<Labelled>,
    origin: {
      id: 'origin',
      header: t('structure.columns.origin'),
      width: '9rem',
      cell: (item) => <OriginOf item={item} />,
    } satisfies Column<WithOrigin>,
  } as const
}
