/** Prints rows as columns; the first row is the head, the first column stands left, the others right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows) {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
  }
}
