import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { isSelected, toggled, type Selection } from '../support/selection.ts'
import { Button } from './button.tsx'
import { Checkbox } from './choice.tsx'
import type { TableProps } from './table.tsx'

const CARD_HEIGHT = 140
const VIRTUAL_FROM = 60

/** A table under 768 pixels: each row a card, its title first and the other columns as labelled lines. */
export function CardList<Row extends object>(props: TableProps<Row>) {
  const { label, rows, rowId, hasMore = false, onMore } = props
  const { t } = useText()
  const list = useRef<HTMLUListElement>(null)
  const isVirtual = rows.length >= VIRTUAL_FROM
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => CARD_HEIGHT,
    overscan: 6,
    gap: 8,
    scrollMargin: list.current?.offsetTop ?? 0,
    enabled: isVirtual,
  })
  const items = virtual.getVirtualItems()
  const atEnd = (items.at(-1)?.index ?? 0) >= rows.length - 6
  useEffect(() => {
    if (isVirtual && atEnd && hasMore) onMore?.()
  }, [isVirtual, atEnd, hasMore, onMore])
  return (
    <>
      <ul
        ref={list}
        aria-label={label}
        className={cx('relative', !isVirtual && 'flex flex-col gap-2')}
        style={isVirtual ? { height: virtual.getTotalSize() } : {}}
      >
        {isVirtual
          ? items.map((item) => (
              <li
                key={rowId(rows[item.index]!)}
                data-index={item.index}
                ref={virtual.measureElement}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
              >
                <RowCard {...props} row={rows[item.index]!} index={item.index} />
              </li>
            ))
          : rows.map((row, index) => (
              <li key={rowId(row)}>
                <RowCard {...props} row={row} index={index} />
              </li>
            ))}
      </ul>
      {props.totals && <RowCard {...props} selection={undefined} onOpen={undefined} row={props.totals} index={rows.length} />}
      {hasMore && !isVirtual && onMore && <Button onClick={onMore}>{t('common.table.more')}</Button>}
    </>
  )
}

type CardProps<Row> = Omit<TableProps<Row>, 'selection' | 'onOpen'> & {
  row: Row
  index: number
  selection?: Selection | undefined
  onOpen?: ((row: Row) => void) | undefined
}

function RowCard<Row extends object>({ row, index, columns, rowId, onOpen, selection, onSelect }: CardProps<Row>) {
  const { t } = useText()
  const id = rowId(row)
  const selected = selection !== undefined && isSelected(selection, id)
  const title = columns.find((column) => column.card === 'title') ?? columns[0]!
  const lines = columns
    .filter((column) => column !== title && column.card !== 'none')
    .map(({ id: name, header, cell }) => ({ name, header, content: cell(row) }))
    .filter(({ content }) => content !== null && content !== undefined && content !== false && content !== '') // a label without anything says nothing
  return (
    <article className={cx('rounded-md border border-line p-3', selected ? 'bg-selected' : 'bg-surface')}>
      <div className="flex items-start gap-3">
        {selection && onSelect && (
          <Checkbox
            hideLabel
            label={t('common.table.selectRow', { number: index + 1 })}
            checked={selected}
            onChange={() => onSelect(toggled(selection, id))}
          />
        )}
        <div className="min-w-0 flex-1 font-medium">{title.cell(row)}</div>
        {onOpen && (
          <Button small onClick={() => onOpen(row)}>
            {t('common.open')}
          </Button>
        )}
      </div>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-table">
        {lines.map(({ name, header, content }) => (
          <div key={name} className="contents">
            <dt className="text-ink-2">{header}</dt>
            <dd className="min-w-0 text-end">{content}</dd>
          </div>
        ))}
      </dl>
    </article>
  )
}
