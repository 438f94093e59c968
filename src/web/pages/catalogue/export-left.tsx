import type { CellLeftOut } from '../../../contract/catalogue.ts'
import { Note } from '../../components/badge.tsx'
import { useText } from '../../messages/text.tsx'

/** Which accepted values a file could not hold, and why. */
export function ExportLeft({ count, cells }: { count: number; cells: readonly CellLeftOut[] }) {
  const { t } = useText()
  return (
    <section aria-label={t('catalogue.exporting.left', { count })} className="flex flex-col gap-3">
      <Note meaning="attention">
        {t('catalogue.exporting.left', { count })} {t('catalogue.exporting.leftWhat')}
      </Note>
      <ul className="flex flex-col">
        {cells.map((cell) => (
          <li key={`${cell.line} ${cell.column}`} className="flex flex-col gap-0.5 border-b border-line py-2 text-table last:border-b-0">
            <span className="flex flex-wrap items-baseline gap-x-2">
              <bdi className="font-medium break-words">{cell.column}</bdi>
              <bdi className="font-mono text-small text-ink-2">{cell.identifier}</bdi>
              <span className="ms-auto text-small text-ink-2">{t('catalogue.exporting.line', { line: cell.line })}</span>
            </span>
            <span className="text-ink-2">{t(`catalogue.exporting.why.${cell.reason}`, { characters: shown(cell.characters) })}</span>
          </li>
        ))}
      </ul>
      {count > cells.length && <p className="text-table text-ink-2">{t('catalogue.exporting.more', { count: count - cells.length })}</p>}
    </section>
  )
}

/** Breaks and tabs as their signs. */
const shown = (characters: string): string => characters.replaceAll('\t', '⇥').replaceAll('\r', '').replaceAll('\n', '⏎')
