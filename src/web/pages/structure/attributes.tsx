import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Shapes } from 'lucide-react'
import { ATTRIBUTE_TYPES, type AttributeView, listAttributes, listGroups, STRUCTURE_ORIGINS } from '../../../contract/structure.ts'
import { listOf, queryOf } from '../../api/query.ts'
import { Combobox, Select } from '../../components/select.tsx'
import type { Column } from '../../components/table.tsx'
import { type Translate, useText } from '../../messages/text.tsx'
import { formatCount, formatShare } from '../../support/numbers.ts'
import { AttributeSheet } from './attribute-sheet.tsx'
import { ItemTable, useItemColumns } from './item-list.tsx'
import { labelText } from './label-text.ts'
import { SearchItems } from './search-items.tsx'
import type { TabProps } from './tab.ts'

/** All attributes, by page and virtual: five thousand of them scroll as ten do. */
export function Attributes({ search, total, adding, onAdded, onChange }: TabProps & { total: number }) {
  const { t, language } = useText()
  const { origin: originColumn } = useItemColumns()
  const { search: text, type, group, origin } = search
  const query = {
    limit: 200,
    ...(text ? { search: text } : {}),
    ...(type ? { type } : {}),
    ...(group ? { group } : {}),
    ...(origin ? { origin } : {}),
  }
  const list = useInfiniteQuery({ ...listOf(listAttributes, { query }), placeholderData: (before) => before })
  const groups = useQuery(queryOf(listGroups, { query: { limit: 500 } }))
  const labelOfGroup = (code: string): string =>
    labelText(groups.data?.items.find((each) => each.code === code) ?? { code, labels: {} }, language)
  const columns: Column<AttributeView>[] = [
    {
      id: 'label',
      header: t('structure.columns.label'),
      fixed: true,
      card: 'title',
      cell: (item) => (
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <bdi className="truncate font-medium">{labelText(item, language)}</bdi>
          {labelText(item, language) !== item.code && <bdi className="truncate font-mono text-small text-ink-2">{item.code}</bdi>}
        </span>
      ),
    },
    {
      id: 'type',
      header: t('structure.columns.type'),
      width: '11rem',
      fixed: true,
      cell: (item) => <TypeOf item={item} />,
    },
    { id: 'rules', header: t('structure.columns.rules'), width: '14rem', cell: (item) => inShade(rulesText(item, t)) },
    {
      id: 'group',
      header: t('structure.columns.group'),
      width: '9rem',
      card: 'none',
      cell: (item) => item.group !== null && <bdi>{labelOfGroup(item.group)}</bdi>,
    },
    {
      id: 'options',
      header: t('structure.columns.options'),
      width: '6rem',
      align: 'end',
      card: 'none',
      cell: (item) => (item.options === 0 ? '' : formatCount(item.options, language)),
    },
    {
      id: 'families',
      header: t('structure.columns.families'),
      width: '6rem',
      align: 'end',
      card: 'none',
      cell: (item) => formatCount(item.families, language),
    },
    originColumn,
  ]
  const isNarrowed = Boolean(text ?? type ?? group ?? origin)
  const shown = list.data?.items.length ?? 0
  return (
    <ItemTable
      kind="attributes"
      icon={Shapes}
      list={list}
      columns={columns}
      skeleton={{ columns: 6 }}
      isNarrowed={isNarrowed}
      footnote={t('structure.shown', { shown, count: isNarrowed && !list.hasNextPage ? shown : total })}
      tools={
        <>
          <SearchItems value={text ?? ''} onChange={(next) => onChange({ ...search, search: next || undefined })} />
          <div className="w-40 max-md:w-[calc(50%-0.25rem)]">
            <Select
              label={t('structure.columns.type')}
              value={type ?? 'all'}
              onChange={(next) => onChange({ ...search, type: next === 'all' ? undefined : next })}
              options={[
                { value: 'all', label: t('structure.filters.anyType') },
                ...ATTRIBUTE_TYPES.map((value) => ({ value, label: t(`structure.types.${value}`) })),
              ]}
            />
          </div>
          {(groups.data?.items.length ?? 0) > 0 && (
            <div className="w-40 max-md:w-[calc(50%-0.25rem)]">
              <Combobox
                label={t('structure.columns.group')}
                placeholder={t('structure.filters.anyGroup')}
                value={group ?? null}
                onChange={(next) => onChange({ ...search, group: next ?? undefined })}
                options={groups.data!.items.map((each) => ({ value: each.code, label: labelText(each, language) }))}
              />
            </div>
          )}
          <div className="w-40 max-md:w-[calc(50%-0.25rem)]">
            <Select
              label={t('structure.columns.origin')}
              value={origin ?? 'all'}
              onChange={(next) => onChange({ ...search, origin: next === 'all' ? undefined : next })}
              options={[
                { value: 'all', label: t('structure.filters.anyOrigin') },
                ...STRUCTURE_ORIGINS.map((value) => ({ value, label: t(`structure.origins.${value}`) })),
              ]}
            />
          </div>
        </>
      }
      adding={adding}
      onAdded={onAdded}
      sheet={AttributeSheet}
    />
  )
}

const inShade = (text: string) => text && <span className="text-ink-2">{text}</span>

/** A type, with what it was inferred from where it was. */
function TypeOf({ item: { type, guess, origin, corrected } }: { item: AttributeView }) {
  const { t, language } = useText()
  const isGuess = origin === 'inferred' && guess !== null && !corrected.includes('type')
  return (
    <span
      className="inline-flex items-center gap-1.5"
      title={isGuess ? t('structure.guess', { count: guess.values, share: formatShare(guess.share, language) }) : undefined}
    >
      {t(`structure.types.${type}`)}
      {isGuess && guess.share < 1 && <span className="tabular text-small text-ink-2">{formatShare(guess.share, language)}</span>}
    </span>
  )
}

function rulesText({ rules, localisable, scopable }: AttributeView, t: Translate): string {
  const texts = [
    rules.unit,
    rules.currency,
    rules.minimum === undefined ? undefined : t('structure.ruleTexts.minimum', { value: rules.minimum }),
    rules.maximum === undefined ? undefined : t('structure.ruleTexts.maximum', { value: rules.maximum }),
    rules.decimals === undefined ? undefined : t('structure.ruleTexts.decimals', { count: rules.decimals }),
    rules.maxLength === undefined ? undefined : t('structure.ruleTexts.maxLength', { count: rules.maxLength }),
    rules.columns === undefined ? undefined : t('structure.ruleTexts.columns', { count: rules.columns.length }),
    rules.identifies ? t('structure.attribute.identifies') : undefined,
    localisable ? t('structure.ruleTexts.localisable') : undefined,
    scopable ? t('structure.ruleTexts.scopable') : undefined,
  ].filter((text) => text !== undefined)
  return texts.join(' · ')
}
