import {
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useText } from '../messages/text.tsx'
import { keep, kept } from '../support/kept.ts'
import type { Selection } from '../support/selection.ts'
import { useNarrow } from '../support/use-media.ts'
import { CardList } from './table-cards.tsx'
import { TableGrid } from './table-grid.tsx'
import { ColumnChoice, SelectionBar } from './table-tools.tsx'

export interface Column<Row> {
  id: string
  header: string
  cell: (row: Row) => ReactNode
  /** Sorts in the browser by this; for lists that are read whole. */
  sortBy?: (row: Row) => string | number | null
  /** Can be sorted by the server: `onSort` hears of it. */
  sortable?: boolean
  /** Numbers stand at the end, under each other. */
  align?: 'start' | 'end'
  /** CSS width: "8rem". One column should have none and take the rest. */
  width?: string
  /** Cannot be hidden. */
  fixed?: boolean
  /** Hidden until the person chooses it. */
  hidden?: boolean
  /** On a card: its title, one of the labelled lines (as without it), or left out. */
  card?: 'title' | 'line' | 'none'
}

export interface Sort {
  column: string
  descending: boolean
}

export interface TableProps<Row> {
  /** Names the table for readers, and in this browser's memory of its columns. */
  label: string
  name: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowId: (row: Row) => string
  /** Enter, or a click on the row outside its links and buttons. */
  onOpen?: (row: Row) => void
  sort?: Sort | undefined
  onSort?: (sort: Sort) => void
  selection?: Selection
  onSelect?: (selection: Selection) => void
  /** How many match in all, when the list is longer than `rows`. */
  total?: number | undefined
  /** What can be done with the selection: buttons that name their object and price. */
  selectionActions?: ReactNode
  /** Search and filters, before the column choice. */
  tools?: ReactNode
  hasMore?: boolean
  loadingMore?: boolean
  /** Called as the end comes into view. */
  onMore?: () => void
  /** One more row under a line: what the rows come to. */
  totals?: Row
  /** Hears which columns are shown, at first and after each choice: for values that are read only when someone looks at them. */
  onColumns?: (shown: readonly string[]) => void
  /** Which part of the truth it shows, when it is a part. */
  footnote?: ReactNode
  /** CSS height limit of the box in which long tables scroll. */
  maxHeight?: string
}

const features = tableFeatures({
  rowSortingFeature,
  columnVisibilityFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric },
})

/** Rows under sticky headers, virtual when long, every row by keyboard; cards under 768 pixels. */
export function Table<Row extends object>(props: TableProps<Row>) {
  const { rows, columns, rowId, name } = props
  const narrow = useNarrow()
  const { t } = useText()
  const [chosen, setChosen] = useState(() => rememberedColumns(name))
  // Columns may come later than the rows: one that nobody chose about is shown unless it is hidden at first.
  const visibility = useMemo(
    () => Object.fromEntries(columns.map((column) => [column.id, column.fixed === true || (chosen[column.id] ?? !column.hidden)])),
    [columns, chosen],
  )
  const [ownSort, setOwnSort] = useState<Sort>()
  const sort = props.onSort ? props.sort : ownSort
  const definitions = useMemo(() => columns.map((column) => definitionOf(column)), [columns])
  const table = useTable({
    features,
    data: rows,
    columns: definitions,
    getRowId: rowId,
    manualSorting: props.onSort !== undefined,
    state: { sorting: sort && !props.onSort ? [{ id: sort.column, desc: sort.descending }] : [], columnVisibility: visibility },
  })
  const shownRows = table.getRowModel().rows.map((row) => row.original)
  const shownColumns = columns.filter((column) => visibility[column.id] !== false)
  const shownIds = shownColumns.map(({ id }) => id).join('\n')
  const listener = useRef(props.onColumns)
  useEffect(() => {
    listener.current = props.onColumns
  })
  useEffect(() => listener.current?.(shownIds.split('\n')), [shownIds])
  const chooseColumns = (next: Record<string, boolean>) => {
    const choices = { ...chosen, ...next }
    setChosen(choices)
    keep(`columns.${name}`, JSON.stringify(choices))
  }
  const list = { ...props, rows: shownRows, columns: shownColumns, sort, onSort: props.onSort ?? setOwnSort }
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {(props.tools !== undefined || columns.some((column) => !column.fixed)) && (
        <div className="flex flex-wrap items-end gap-2">
          <div className="flex min-w-0 flex-1 flex-wrap items-end gap-2">{props.tools}</div>
          {!narrow && <ColumnChoice columns={columns} visibility={visibility} onChange={chooseColumns} />}
        </div>
      )}
      {props.selection && props.onSelect && rows.length > 0 && (
        <SelectionBar
          selection={props.selection}
          onSelect={props.onSelect}
          shown={shownRows.length}
          total={props.total}
          hasMore={props.hasMore ?? false}
          actions={props.selectionActions}
        />
      )}
      {narrow ? <CardList {...list} /> : <TableGrid {...list} />}
      {props.footnote !== undefined && <p className="text-table text-ink-2">{props.footnote}</p>}
      {props.loadingMore && (
        <p role="status" className="waits text-table text-ink-2">
          {t('common.loadingMore')}
        </p>
      )}
    </div>
  )
}

function definitionOf<Row extends object>(column: Column<Row>): ColumnDef<typeof features, Row> {
  return {
    id: column.id,
    accessorFn: (row: Row) => column.sortBy?.(row) ?? undefined,
    sortFn: 'alphanumeric',
    sortUndefined: 'last', // what is unknown is neither small nor large
  }
}

function rememberedColumns(name: string): Record<string, boolean> {
  try {
    const remembered: unknown = JSON.parse(kept(`columns.${name}`) ?? '{}')
    if (typeof remembered !== 'object' || remembered === null) return {}
    return Object.fromEntries(Object.entries(remembered).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'))
  } catch {
    return {} // what this browser remembers is broken: the columns as they come
  }
}
