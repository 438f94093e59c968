import type { ConsumptionFigures } from '../../../contract/consumption.ts'

/** A line of the table as it goes into the file. `key` is exact, `name` is for people. */
export interface CsvLine {
  readonly key: string
  readonly name: string
  readonly figures: ConsumptionFigures
}

/**
 * The table as CSV (RFC 4180) for spreadsheets and programs: plain decimals, one column of money for each currency. A money cell is
 * empty where no call's cost is known; calls of unknown cost have a column of their own.
 */
export function toCsv(lines: readonly CsvLine[], head: { readonly key: string; readonly name: string }): string {
  const currencies = [...new Set(lines.flatMap(({ figures }) => figures.cost.map(({ currency }) => currency)))].toSorted()
  const columns = [
    head.key,
    head.name,
    ...currencies.map((currency) => `cost_${currency}`),
    'calls_of_unknown_cost',
    'calls',
    'failed_calls',
    'interrupted_calls',
    'estimated_calls',
    'input_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'output_tokens',
    'calls_of_unknown_usage',
  ]
  const rows = lines.map(({ key, name, figures }) => [
    safe(key),
    safe(name),
    ...currencies.map((currency) => figures.cost.find((money) => money.currency === currency)?.amount ?? ''),
    figures.unknownCostCalls,
    figures.calls,
    figures.failedCalls,
    figures.interruptedCalls,
    figures.estimated.calls,
    figures.tokens.input,
    figures.tokens.cacheRead,
    figures.tokens.cacheWrite,
    figures.tokens.output,
    figures.unknownUsageCalls,
  ])
  return [columns, ...rows].map((row) => `${row.map((cell) => quoted(String(cell))).join(',')}\r\n`).join('')
}

/** Spreadsheets take a cell that begins like this for a formula; names of models and people are not ours. */
const safe = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Hands a text to the browser's own download. */
export function saveText(text: string, { name, type }: { name: string; type: string }): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
