import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import type { Tx } from './database.ts'
import { storableJson } from './storable.ts'

/**
 * Many rows in one statement with one parameter, whatever their number: a group commit or an import writes hundreds at
 * once, and the statement's text stays the same, so that it is planned once. Values travel as JSON; bigint, numeric,
 * timestamptz, bytea and jsonb arrive exactly as drizzle's own `insert` would send them. Keep to a few thousand rows and a
 * few megabytes a statement: on PGlite everybody waits for it.
 */
type Column<T extends PgTable> = keyof T['$inferInsert'] & string
type Row<T extends PgTable> = T['$inferInsert']
type PartialRow<T extends PgTable> = { readonly [C in Column<T>]?: Row<T>[C] }

/**
 * Inserts `rows`. A column that no row has keeps its default; one that some rows lack becomes null in those, and must not
 * have a default. `onConflict: 'nothing'` leaves rows out that exist already. @returns the number of rows inserted.
 */
export async function insertMany<T extends PgTable>(
  tx: Tx,
  table: T,
  rows: readonly Row<T>[],
  options: { onConflict?: 'nothing' } = {},
): Promise<number> {
  if (rows.length === 0) return 0
  const columns = columnsOf(table, rows)
  const names = sql.join(
    columns.map(({ column }) => sql.identifier(column.name)),
    sql`, `,
  )
  const conflict = options.onConflict === 'nothing' ? sql` on conflict do nothing` : sql``
  return run(tx, sql`insert into ${table} (${names}) select ${names} from ${recordset(columns, rows)}${conflict}`)
}

/**
 * Updates the rows that `key` names with the other columns of `rows`; `where` narrows it further (it sees the table, and the
 * new values as "given"). A key that occurs twice in `rows` updates its row once, with either: give each once.
 * @returns the number of rows updated.
 */
export async function updateMany<T extends PgTable>(
  tx: Tx,
  table: T,
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- empty for the bound of T alone
  { key, rows, where }: { key: readonly Column<T>[]; rows: readonly PartialRow<T>[]; where?: SQL },
): Promise<number> {
  if (rows.length === 0) return 0
  const columns = columnsOf(table, rows)
  const set = columns.filter(({ property }) => !key.includes(property as Column<T>))
  const assignments = sql.join(
    set.map(({ column }) => sql`${sql.identifier(column.name)} = given.${sql.identifier(column.name)}`),
    sql`, `,
  )
  const same = columns
    .filter(({ property }) => key.includes(property as Column<T>))
    .map(({ column }) => sql`${table}.${sql.identifier(column.name)} = given.${sql.identifier(column.name)}`)
  if (same.length !== key.length || set.length === 0) throw new TypeError('updateMany needs every key column and another one in its rows')
  const condition = sql.join(where ? [...same, sql`(${where})`] : same, sql` and `)
  return run(tx, sql`update ${table} set ${assignments} from ${recordset(columns, rows)} where ${condition}`)
}

/**
 * `rows` as a table named "given" with the columns of `table` that occur in them: for a statement of one's own
 * (`... from ${givenRows(budgets, rows)} where budgets.id = given.id`).
 */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- empty for the bound of T alone
export function givenRows<T extends PgTable>(table: T, rows: readonly PartialRow<T>[]): SQL {
  return recordset(columnsOf(table, rows), rows)
}

/** Rows as the JSON text that `recordsFrom` reads: a column that a row lacks is null there, so give all that have defaults. */
export function recordsText<T extends PgTable>(table: T, rows: readonly Row<T>[]): string {
  return storableJson(recordsOf(allColumns(table), rows))
}

/** JSON text of `recordsText` as a table named "given" with all columns of `table`; their names, and their names in "given". */
export function recordsFrom(table: PgTable, json: SQL): { names: SQL; givenNames: SQL; given: SQL } {
  const columns = allColumns(table)
  const names = columns.map(({ column }) => sql.identifier(column.name))
  return {
    names: sql.join(names, sql`, `),
    givenNames: sql.join(
      names.map((name) => sql`given.${name}`),
      sql`, `,
    ),
    given: sql`json_to_recordset(${json}::json) as given(${typesOf(columns)})`,
  }
}

const columnsOfTables = new WeakMap<PgTable, readonly NamedColumn[]>()

function allColumns(table: PgTable): readonly NamedColumn[] {
  const known = columnsOfTables.get(table)
  if (known) return known
  const columns: readonly NamedColumn[] = Object.entries(getTableColumns(table)).map(([property, column]) => ({ property, column }))
  columnsOfTables.set(table, columns)
  return columns
}

interface NamedColumn {
  readonly property: string
  readonly column: PgColumn
}

function columnsOf(table: PgTable, rows: readonly Record<string, unknown>[]): NamedColumn[] {
  const all = Object.entries(getTableColumns(table)) as [string, PgColumn][]
  const used = new Set(rows.flatMap((row) => Object.keys(row).filter((property) => row[property] !== undefined)))
  const known = new Set(all.map(([property]) => property))
  for (const property of used) if (!known.has(property)) throw new TypeError(`${getTableConfig(table).name} has no column ${property}`)
  const columns = all.filter(([property]) => used.has(property)).map(([property, column]) => ({ property, column }))
  for (const { property, column } of columns) {
    if (column.hasDefault && rows.some((row) => row[property] === undefined)) {
      throw new TypeError(`${column.name} has a default: give it in every row or in none`)
    }
  }
  return columns
}

function recordset(columns: readonly NamedColumn[], rows: readonly Record<string, unknown>[]): SQL {
  return sql`json_to_recordset(${storableJson(recordsOf(columns, rows))}::json) as given(${typesOf(columns)})`
}

function recordsOf(columns: readonly NamedColumn[], rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return rows.map((row) => {
    const record: Record<string, unknown> = {}
    for (const { property, column } of columns) {
      const value = row[property]
      if (value !== undefined && value !== null) record[column.name] = toJson(column, value) // what a record lacks is null
    }
    return record
  })
}

const typesOf = (columns: readonly NamedColumn[]): SQL =>
  sql.join(
    columns.map(({ column }) => sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType())}`),
    sql`, `,
  )

/** JSON columns keep their structure; everything else goes as drizzle would send it, in text where JSON has no such type. */
function toJson(column: PgColumn, value: unknown): unknown {
  if (column.columnType === 'PgJson' || column.columnType === 'PgJsonb') return value
  const sent: unknown = column.mapToDriverValue(value)
  if (typeof sent === 'bigint') return String(sent)
  if (sent instanceof Uint8Array) return `\\x${Buffer.from(sent).toString('hex')}`
  return sent
}

async function run(tx: Tx, statement: SQL): Promise<number> {
  const { rowCount } = (await tx.execute(statement)) as { rowCount: number | null }
  return rowCount ?? 0
}
