import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { productFacets, SourceView } from '../../../contract/catalogue.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { Combobox, Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { useHotkeys } from '../../support/hotkeys.ts'
import { formatCount } from '../../support/numbers.ts'
import { StandingFilter } from './standing-filter.tsx'
import { isNarrowed, type ListSearch } from './search.ts'

const TYPING_PAUSE_MS = 250
/** In a list of families: those that have none. No family is called so, because names are trimmed. */
const UNFILED = ' '

/** Search and filters; each choice says how many products it would give. */
export function Filters({
  search,
  sources,
  facets,
  onChange,
}: {
  search: ListSearch
  sources: readonly SourceView[]
  facets: RouteAnswer<typeof productFacets> | undefined
  onChange: (search: ListSearch) => void
}) {
  const { t, language } = useText()
  const atLeast = facets?.atLeast === true
  const count = (of: number) =>
    atLeast ? t('catalogue.filters.atLeast', { figure: formatCount(of, language) }) : formatCount(of, language)
  /** Nothing is said of what none of the products that were looked at has. */
  const note = (of: number) => (of === 0 && atLeast ? undefined : count(of))
  const families = (facets?.families ?? []).map(({ family, count: products }) => ({
    value: family ?? UNFILED,
    label: family ?? t('catalogue.filters.unfiled'),
    note: note(products),
  }))
  const categories = (facets?.categories ?? []).map(({ category, count: products }) => ({
    value: category,
    label: category,
    note: note(products),
  }))
  const missing = (facets?.attributes ?? [])
    .filter(({ missing: products }) => products > 0 || atLeast)
    .toSorted((a, b) => b.missing - a.missing)
    .map(({ attribute, missing: products }) => ({ value: attribute, label: attribute, note: note(products) }))
  const states = [
    { value: 'all', label: t('catalogue.filters.all') },
    { value: 'proposals', label: t('catalogue.filters.proposals'), note: facets && note(facets.proposals) },
    { value: 'flagged', label: t('catalogue.filters.flagged'), note: facets && note(facets.flagged) },
    { value: 'stale', label: t('catalogue.filters.stale') },
  ] as const
  return (
    <>
      <SearchField value={search.search ?? ''} onChange={(text) => onChange({ ...search, search: text === '' ? undefined : text })} />
      {sources.length > 1 && (
        <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
          <Select
            label={t('catalogue.filters.source')}
            value={search.source ?? 'all'}
            onChange={(source) => onChange({ ...search, source: source === 'all' ? undefined : source })}
            options={[
              { value: 'all', label: t('catalogue.filters.allSources') },
              ...sources.map(({ id, label }) => ({ value: id, label })),
            ]}
          />
        </div>
      )}
      <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
        <Combobox
          label={t('catalogue.filters.family')}
          placeholder={t('catalogue.filters.allFamilies')}
          value={search.unfiled ? UNFILED : (search.family ?? null)}
          onChange={(family) =>
            onChange({
              ...search,
              family: family === null || family === UNFILED ? undefined : family,
              unfiled: family === UNFILED ? true : undefined,
            })
          }
          options={families}
        />
      </div>
      {(search.category !== undefined || categories.length > 0) && (
        <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
          <Combobox
            label={t('catalogue.filters.category')}
            placeholder={t('catalogue.filters.allCategories')}
            value={search.category ?? null}
            onChange={(category) => onChange({ ...search, category: category ?? undefined })}
            options={categories}
          />
        </div>
      )}
      <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
        <Combobox
          label={t('catalogue.filters.missing')}
          placeholder={t('catalogue.filters.anything')}
          value={search.missing ?? null}
          onChange={(attribute) => onChange({ ...search, missing: attribute ?? undefined })}
          options={missing}
        />
      </div>
      <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
        <Select
          label={t('catalogue.filters.state')}
          value={search.state ?? 'all'}
          onChange={(state) => onChange({ ...search, state: state === 'all' ? undefined : state })}
          options={states}
        />
      </div>
      <div className="w-52 max-md:w-[calc(50%-0.25rem)]">
        <StandingFilter value={search.standing} facets={facets} note={note} onChange={(standing) => onChange({ ...search, standing })} />
      </div>
      {(search.variants !== undefined || (facets?.variants ?? 0) > 0) && (
        <div className="w-44 max-md:w-[calc(50%-0.25rem)]">
          <Select
            label={t('mapping.product.variants')}
            value={search.variants ?? 'all'}
            onChange={(variants) => onChange({ ...search, variants: variants === 'all' ? undefined : variants })}
            options={(['all', 'without', 'only'] as const).map((value) => ({ value, label: t(`mapping.variants.${value}`) }))}
          />
        </div>
      )}
      {isNarrowed(search) && (
        <IconButton
          label={t('catalogue.filters.clear')}
          icon={<X aria-hidden className="size-4" />}
          onClick={() => onChange({ sort: search.sort, down: search.down })}
        />
      )}
    </>
  )
}

/** Asks when the person pauses; "/" goes there. */
function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const { t } = useText()
  const [text, setText] = useState(value)
  const input = useRef<HTMLInputElement>(null)
  const listener = useRef(onChange)
  const asked = useRef(value)
  useEffect(() => {
    listener.current = onChange
  })
  useEffect(() => {
    if (value === asked.current) return
    asked.current = value // the address changed by itself: filters were cleared, someone went back
    setText(value)
  }, [value])
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === asked.current) return
    const timer = setTimeout(() => {
      asked.current = wanted
      listener.current(wanted)
    }, TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  useHotkeys([{ keys: '/', label: t('catalogue.filters.search'), run: () => input.current?.focus() }])
  return (
    <div className="w-64 max-md:w-full">
      <TextInput
        ref={input}
        label={t('catalogue.filters.search')}
        placeholder={t('catalogue.filters.searchFor')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        type="search"
        end={<Search aria-hidden className="size-4" />}
      />
    </div>
  )
}
