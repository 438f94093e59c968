import { Columns3 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { countSelected, EVERYTHING, NOTHING, type Selection } from '../support/selection.ts'
import { IconButton } from './button.tsx'
import { Checkbox } from './choice.tsx'
import { Popover } from './menu.tsx'
import type { Column } from './table.tsx'

/** Which columns are shown; remembered in this browser. */
export function ColumnChoice<Row>(props: {
  columns: readonly Column<Row>[]
  visibility: Readonly<Record<string, boolean>>
  onChange: (visibility: Record<string, boolean>) => void
}) {
  const { columns, visibility, onChange } = props
  const { t } = useText()
  const choices = columns.filter((column) => !column.fixed)
  if (choices.length === 0) return null
  return (
    <Popover
      title={t('common.table.columns')}
      trigger={<IconButton kind="plain" label={t('common.table.columns')} icon={<Columns3 aria-hidden className="size-4" />} />}
    >
      <div className="flex flex-col gap-1.5">
        {choices.map((column) => (
          <Checkbox
            key={column.id}
            label={column.header}
            checked={visibility[column.id] !== false}
            onChange={(shown) => onChange({ ...visibility, [column.id]: shown })}
          />
        ))}
      </div>
    </Popover>
  )
}

/**
 * What is selected and what can be done with it; offers all that match when the rows shown are only a part of them. It is there
 * before anything is selected: the rows below do not move under the pointer that selects them.
 */
export function SelectionBar(props: {
  selection: Selection
  onSelect: (selection: Selection) => void
  shown: number
  total: number | undefined
  hasMore: boolean
  actions: ReactNode
}) {
  const { selection, onSelect, shown, total, hasMore, actions } = props
  const { t } = useText()
  const count = countSelected(selection, total)
  const isNothing = count === 0
  const more = !selection.all && (hasMore || (total !== undefined && total > shown) || selection.ids.size < shown)
  return (
    <div
      role="region"
      aria-label={t('common.table.selection')}
      className={cx(
        'flex flex-wrap items-center gap-2 rounded-md border px-3 py-1.5',
        isNothing ? 'border-line bg-surface' : 'border-brass bg-selected max-md:sticky max-md:top-14 max-md:z-10',
      )}
    >
      <span role="status" className={isNothing ? 'text-ink-2 max-md:sr-only' : 'font-medium'}>
        {isNothing
          ? t('common.table.nothingSelected')
          : count === undefined
            ? t('common.table.allSelected')
            : t('common.table.selected', { count })}
      </span>
      {more && (
        <button type="button" className="link" onClick={() => onSelect(EVERYTHING)}>
          {total === undefined ? t('common.table.selectAllThatMatch') : t('common.table.selectAllMatching', { count: total })}
        </button>
      )}
      {!isNothing && (
        <button type="button" className="link" onClick={() => onSelect(NOTHING)}>
          {t('common.table.selectNone')}
        </button>
      )}
      <span className="ms-auto flex flex-wrap gap-2">{actions}</span>
    </div>
  )
}
