import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronRight, FolderTree, Pencil } from 'lucide-react'
import { useState } from 'react'
import { type CategoryView, listCategories } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { ItemList } from './item-list.tsx'
import { ItemSheet } from './item-sheet.tsx'
import { labelText } from './label-text.ts'
import { SearchItems } from './search-items.tsx'
import type { TabProps } from './tab.ts'

/** The trees of categories, a level at a time, or all that a search finds with their way from the root. */
export function Categories({ search, adding, onAdded, onChange }: TabProps) {
  const { t } = useText()
  const query = { limit: 200, ...(search.search ? { search: search.search } : {}) }
  const list = useInfiniteQuery({ ...listOf(listCategories, { query }), placeholderData: (before) => before })
  return (
    <ItemList
      kind="categories"
      icon={FolderTree}
      list={list}
      isNarrowed={Boolean(search.search)}
      skeleton={{ columns: 2 }}
      adding={adding}
      onAdded={onAdded}
      sheet={CategorySheet}
    >
      {(items, onOpen) => (
        <div className="flex flex-col gap-3">
          <SearchItems value={search.search ?? ''} onChange={(text) => onChange({ ...search, search: text || undefined })} />
          {items.length === 0 ? (
            <p className="text-ink-2">{t('structure.nothing')}</p>
          ) : (
            <Level items={items} flat={Boolean(search.search)} onOpen={onOpen} />
          )}
          {list.hasNextPage && (
            <Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t('structure.more')}
            </Button>
          )}
        </div>
      )}
    </ItemList>
  )
}

function Level({ items, flat, onOpen }: { items: readonly CategoryView[]; flat: boolean; onOpen: (item: CategoryView) => void }) {
  return (
    <ul className="overflow-hidden rounded-md border border-line bg-surface">
      {items.map((item) => (
        <Row key={item.code} item={item} flat={flat} onOpen={onOpen} />
      ))}
    </ul>
  )
}

function Row({ item, flat, onOpen }: { item: CategoryView; flat: boolean; onOpen: (item: CategoryView) => void }) {
  const { t, language } = useText()
  const [isOpen, setIsOpen] = useState(false)
  const label = labelText(item, language)
  return (
    <li className="border-b border-line last:border-0">
      <div className="flex items-center gap-2 px-3 py-1.5 hover:bg-sunken">
        {item.children > 0 ? (
          <button
            type="button"
            aria-expanded={isOpen}
            className="flex min-w-0 flex-1 items-center gap-2 text-start coarse:min-h-11"
            onClick={() => setIsOpen(!isOpen)}
          >
            <ChevronRight
              aria-hidden
              className={`size-4 shrink-0 text-ink-2 transition-transform ${isOpen ? 'rotate-90' : 'rtl:rotate-180'}`}
            />
            <bdi className="truncate font-medium">{label}</bdi>
            <span className="shrink-0 text-table text-ink-2">{t('structure.categories.children', { count: item.children })}</span>
          </button>
        ) : (
          <span className="min-w-0 flex-1 truncate ps-6">
            <bdi>{label}</bdi>
          </span>
        )}
        <span className="hidden truncate font-mono text-small text-ink-2 md:block">
          <bdi>{flat ? item.path.join(' › ') : item.code}</bdi>
        </span>
        <IconButton
          small
          label={t('structure.edit', { code: label })}
          icon={<Pencil aria-hidden className="size-3.5" />}
          onClick={() => onOpen(item)}
        />
      </div>
      {isOpen && (
        <div className="ps-6">
          <Below parent={item.code} onOpen={onOpen} />
        </div>
      )}
    </li>
  )
}

function Below({ parent, onOpen }: { parent: string; onOpen: (item: CategoryView) => void }) {
  const { t } = useText()
  const list = useInfiniteQuery(listOf(listCategories, { query: { parent, limit: 200 } }))
  if (list.error) return <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
  return (
    <ul className="border-s border-t border-line">
      {list.data?.items.map((item) => (
        <Row key={item.code} item={item} flat={false} onOpen={onOpen} />
      ))}
      {list.hasNextPage && (
        <li className="px-3 py-1.5">
          <Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('structure.more')}
          </Button>
        </li>
      )}
    </ul>
  )
}

function CategorySheet({ item, onClose }: { item: CategoryView | undefined; onClose: () => void }) {
  const { t } = useText()
  const [parent, setParent] = useState(item?.parent ?? '')
  return (
    <ItemSheet kind="categories" item={item} members={{ parent: parent.trim() || null }} onClose={onClose}>
      <TextInput
        label={t('structure.categories.under')}
        placeholder={t('structure.categories.roots')}
        optional
        mono
        value={parent}
        onValueChange={setParent}
      />
    </ItemSheet>
  )
}
