import type { Recipe } from '../../../contract/recipe.ts'
import { Checkbox } from '../../components/choice.tsx'
import { useText } from '../../messages/text.tsx'
import { formatShare } from '../../support/numbers.ts'

export interface KnownColumn {
  readonly name: string
  readonly share: number
  readonly shown: boolean
  readonly example: string
}

/** "Package width", "package_width" and "attr_n_package_width" are one name, as the server reads them. */
const normal = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^attr_[a-z]_/, '')
    .replace(/[^\p{L}\p{N}*?]+/gu, '_')
    .replace(/^_+|_+$/g, '')

const fits = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => {
    const source = normal(pattern)
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`, 'u').test(normal(name))
  })

/** Whether a recipe shows an attribute to the model; `usually`: without a word about it. */
export const isShown = (
  { name, shown: usually }: Pick<KnownColumn, 'name' | 'shown'>,
  { include, exclude = [] }: Recipe['show'],
): boolean => (include ? fits(name, include) : usually) && !fits(name, exclude)

/** What the model sees of a product: fewer attributes cost less and distract less. */
export function ShownColumns({
  columns,
  show,
  onChange,
}: {
  columns: readonly KnownColumn[]
  show: Recipe['show']
  onChange: (show: Recipe['show']) => void
}) {
  const { t, language } = useText()
  const shown = columns.filter((column) => isShown(column, show))
  const toggle = (name: string, wanted: boolean): void => {
    const names = columns.filter((column) => (column.name === name ? wanted : isShown(column, show))).map((column) => column.name)
    const { include: _include, exclude: _exclude, ...limits } = show
    const asUsual = columns.filter((column) => column.shown)
    // What is usually shown, without some, keeps what a later file brings; anything else is a list.
    const left = asUsual.filter((column) => !names.includes(column.name)).map((column) => column.name)
    const isNarrowed = names.every((one) => asUsual.some((column) => column.name === one))
    onChange(isNarrowed ? { ...limits, ...(left.length > 0 ? { exclude: left } : {}) } : { ...limits, include: names })
  }
  return (
    <div className="flex flex-col gap-2">
      <p className="text-table text-ink-2">{t('enrich.shownCount', { count: shown.length, all: columns.length })}</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard */}
      <ul className="max-h-80 overflow-y-auto rounded-md border border-line" tabIndex={0} aria-label={t('enrich.shown')}>
        {columns.map((column) => (
          <li key={column.name} className="flex items-center gap-3 border-b border-line px-3 py-1.5 last:border-0">
            <span className="min-w-0 flex-1">
              <Checkbox label={column.name} checked={isShown(column, show)} onChange={(wanted) => toggle(column.name, wanted)} />
            </span>
            <bdi className="hidden min-w-0 flex-1 truncate text-table text-ink-2 sm:block">{column.example}</bdi>
            <span className="tabular w-12 shrink-0 text-end text-table text-ink-2">{formatShare(column.share, language)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
