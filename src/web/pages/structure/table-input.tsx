import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { rowsOf, rowsValue, type TableRow } from './editor-values.ts'
import type { InputProps } from './value-input.ts'

export function TableInput({ attribute, label, value, onChange }: InputProps) {
  const { t } = useText()
  const [rows, setRows] = useState<readonly TableRow[]>(() => rowsOf(value))
  const columns = attribute.rules.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const set = (next: readonly TableRow[]) => {
    setRows(next)
    onChange(next.length === 0 ? null : rowsValue(next, value))
  }
  return (
    <div className="flex flex-col gap-2">
      <div className="overflow-x-auto rounded-md border border-line" role="group" aria-label={label}>
        <table className="min-w-full text-table">
          <thead className="bg-sunken">
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className="px-2 py-1.5 text-start font-medium whitespace-nowrap">
                  {column}
                </th>
              ))}
              <td className="w-10" />
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index} className="border-t border-line">
                {columns.map((column) => (
                  <td key={column} className="min-w-28 px-1 py-1">
                    <TextInput
                      label={t('structure.values.cell', { column, row: index + 1 })}
                      hideLabel
                      value={row[column] ?? ''}
                      onValueChange={(text) => set(rows.map((other) => (other === row ? { ...row, [column]: text } : other)))}
                    />
                  </td>
                ))}
                <td>
                  <IconButton
                    small
                    label={t('structure.values.removeRow', { row: index + 1 })}
                    icon={<Trash2 aria-hidden className="size-3.5" />}
                    onClick={() => set(rows.filter((other) => other !== row))}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <span>
        <Button
          small
          icon={<Plus aria-hidden className="size-4" />}
          onClick={() => set([...rows, Object.fromEntries(columns.map((column) => [column, '']))])}
        >
          {t('structure.values.addRow')}
        </Button>
      </span>
    </div>
  )
}
