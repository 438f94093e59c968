import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { EVERYTHING, isSelected, NOTHING, toggled, withRange } from '../support/selection.ts'
import { Checkbox } from './choice.tsx'
import type { Column, Sort, TableProps } from './table.tsx'

const ROW_HEIGHT = 40
const OVERSCAN = 12
/** Shorter tables are drawn whole: the browser's own search finds every row. */
const VIRTUAL_FROM = 80

/** Whether an event came from something in the row that acts by itself. */
const actsItself = (event: { target: EventTarget; currentTarget: EventTarget }): boolean =>
  event.target instanceof Element && event.target.closest('a, button, input, label, [role="checkbox"], [role="menu"]') !== null

export function TableGrid<Row extends object>(props: TableProps<Row>) {
  const { label, rows, columns, rowId, onOpen, selection, onSelect, hasMore = false, onMore, total } = props
  const { t } = useText()
  const box = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState(0)
  const wantsFocus = useRef(false)
  const lastToggled = useRef<number | undefined>(undefined)
  const isVirtual = rows.length >= VIRTUAL_FROM
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    enabled: isVirtual,
  })
  const items = virtual.getVirtualItems()
  const first = isVirtual ? (items[0]?.index ?? 0) : 0
  const last = isVirtual ? (items.at(-1)?.index ?? -1) : rows.length - 1
  const above = isVirtual ? (items[0]?.start ?? 0) : 0
  const below = isVirtual ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0
  const focusable = Math.min(current, rows.length - 1)

  const nearEnd = last >= rows.length - OVERSCAN
  useEffect(() => {
    if (nearEnd && hasMore && isVirtual) onMore?.()
  }, [nearEnd, hasMore, isVirtual, onMore])

  useEffect(() => {
    if (!wantsFocus.current) return
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${current}"]`)
    if (!row) return
    wantsFocus.current = false
    row.focus()
  })

  const goTo = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    wantsFocus.current = true
    setCurrent(next)
    if (isVirtual) virtual.scrollToIndex(next)
  }
  const toggle = (index: number, range: boolean) => {
    if (!selection || !onSelect) return
    const id = rowId(rows[index]!)
    const from = lastToggled.current
    if (range && from !== undefined) {
      const ids = rows.slice(Math.min(from, index), Math.max(from, index) + 1).map((row) => rowId(row))
      onSelect(withRange(selection, ids, !isSelected(selection, id)))
    } else onSelect(toggled(selection, id))
    lastToggled.current = index
  }
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (event.target !== event.currentTarget || event.metaKey || event.ctrlKey || event.altKey) return
    const moves: Record<string, number> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: 12,
      PageUp: -12,
      Home: -rows.length,
      End: rows.length,
    }
    const move = moves[event.key]
    if (move !== undefined) goTo(index + move)
    else if (event.key === 'Enter' && onOpen) onOpen(rows[index]!)
    else if (event.key === ' ' && selection) toggle(index, event.shiftKey)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const span = columns.length + (selection ? 1 : 0)
  return (
    <div
      ref={box}
      // relative: what is only read aloud in a column out of view stays in this box, and does not widen the page
      className={cx('relative overflow-auto rounded-md border border-line bg-surface', isVirtual && '[contain:strict]')}
      style={isVirtual ? { height: props.maxHeight ?? 'calc(100dvh - 15rem)', minHeight: '20rem' } : {}}
    >
      <table
        aria-label={label}
        aria-rowcount={(total ?? rows.length) + 1}
        className="w-full table-fixed border-separate border-spacing-0 text-table"
        style={{ minWidth: `max(40rem, ${columns.map(({ width }) => width ?? '12rem').join(' + ')} + 2.5rem)` }}
      >
        <colgroup>
          {selection && <col style={{ width: '2.5rem' }} />}
          {columns.map((column) => (
            <col key={column.id} style={column.width ? { width: column.width } : {}} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {selection && onSelect && (
              <th scope="col" className="sticky top-0 z-10 border-b border-line bg-sunken ps-3 text-start">
                <Checkbox
                  hideLabel
                  label={t('common.table.selectAll')}
                  checked={selection.all && selection.except.size === 0}
                  mixed={selection.all ? selection.except.size > 0 : selection.ids.size > 0}
                  onChange={(all) => onSelect(all ? EVERYTHING : NOTHING)}
                />
              </th>
            )}
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} sort={props.sort} onSort={props.onSort!} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap height={above} span={span} />}
          {rows.slice(first, last + 1).map((row, offset) => {
            const index = first + offset
            const id = rowId(row)
            const selected = selection !== undefined && isSelected(selection, id)
            return (
              <tr
                key={id}
                ref={isVirtual ? virtual.measureElement : undefined}
                data-index={index}
                data-row={index}
                aria-rowindex={index + 2}
                aria-selected={selection ? selected : undefined}
                tabIndex={index === focusable ? 0 : -1}
                onFocus={(event) => event.target === event.currentTarget && setCurrent(index)}
                onKeyDown={(event) => onKeyDown(event, index)}
                onClick={(event) => !actsItself(event) && onOpen?.(row)}
                className={cx(
                  'group focus-visible:-outline-offset-2',
                  selected ? 'bg-selected' : 'hover:bg-sunken/60',
                  onOpen && 'cursor-pointer',
                )}
              >
                {selection && (
                  <td className="border-b border-line ps-3 group-last:border-0">
                    <span
                      onClickCapture={(event: MouseEvent) =>
                        event.shiftKey && (event.stopPropagation(), event.preventDefault(), toggle(index, true))
                      }
                    >
                      <Checkbox
                        hideLabel
                        label={t('common.table.selectRow', { number: index + 1 })}
                        checked={selected}
                        onChange={() => toggle(index, false)}
                      />
                    </span>
                  </td>
                )}
                {columns.map((column) => (
                  <td
                    key={column.id}
                    className={cx(
                      'h-10 border-b border-line px-3 py-1.5 group-last:border-0',
                      column.align === 'end' ? 'text-end' : 'text-start',
                    )}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {below > 0 && <Gap height={below} span={span} />}
        </tbody>
        {props.totals && (
          <tfoot>
            <tr>
              {selection && <td className="sticky bottom-0 border-t border-line-strong bg-sunken" />}
              {columns.map((column) => (
                <td
                  key={column.id}
                  className={cx(
                    'sticky bottom-0 h-10 border-t border-line-strong bg-sunken px-3 font-medium',
                    column.align === 'end' ? 'text-end' : 'text-start',
                  )}
                >
                  {column.cell(props.totals!)}
                </td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
      {hasMore && !isVirtual && onMore && (
        <button type="button" className="link w-full px-3 py-2 text-table" onClick={onMore}>
          {t('common.table.more')}
        </button>
      )}
    </div>
  )
}

/** Stands for the rows that are not drawn. */
const Gap = ({ height, span }: { height: number; span: number }) => (
  <tr aria-hidden>
    <td colSpan={span} aria-hidden style={{ height }} />
  </tr>
)

function HeaderCell<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | undefined; onSort: (sort: Sort) => void }) {
  const sorted = sort?.column === column.id
  const Arrow = sorted ? (sort.descending ? ArrowDown : ArrowUp) : ArrowUpDown
  return (
    <th
      scope="col"
      aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
      className={cx(
        'sticky top-0 z-10 h-9 border-b border-line bg-sunken px-3 font-medium text-ink-2',
        column.align === 'end' ? 'text-end' : 'text-start',
      )}
    >
      {column.sortable || column.sortBy ? (
        <button
          type="button"
          className={cx(
            'inline-flex items-center gap-1 hover:text-ink',
            sorted && 'text-ink',
            column.align === 'end' && 'flex-row-reverse',
          )}
          onClick={() => onSort({ column: column.id, descending: sorted ? !sort.descending : false })}
        >
          {column.header}
          <Arrow aria-hidden className={cx('size-3.5', !sorted && 'opacity-50')} />
        </button>
      ) : (
        column.header
      )}
    </th>
  )
}
