import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import {
  ATTRIBUTE_TYPES,
  type AttributeRules,
  type AttributeType,
  type AttributeView,
  listGroups,
  listOptions,
  type OptionView,
} from '../../../contract/structure.ts'
import { listOf, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { Combobox, Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { formatShare } from '../../support/numbers.ts'
import { ItemSheet } from './item-sheet.tsx'
import { labelText, linesOf } from './label-text.ts'

const NUMERIC: readonly AttributeType[] = ['number', 'measurement', 'price']
const WITH_OPTIONS: readonly AttributeType[] = ['select', 'multi_select']
const TEXTS: readonly AttributeType[] = ['text', 'long_text', 'html']

/** An attribute: its type and what its values keep to. */
export function AttributeSheet({ item, onClose }: { item?: AttributeView | undefined; onClose: () => void }) {
  const { t, language } = useText()
  const [type, setType] = useState<AttributeType>(item?.type ?? 'text')
  const [group, setGroup] = useState<string | null>(item?.group ?? null)
  const [localisable, setLocalisable] = useState(item?.localisable ?? false)
  const [scopable, setScopable] = useState(item?.scopable ?? false)
  const [rules, setRules] = useState<AttributeRules>(item?.rules ?? {})
  const groups = useQuery(queryOf(listGroups, { query: { limit: 500 } }))
  const rule = (change: { readonly [Name in keyof AttributeRules]?: AttributeRules[Name] | undefined }) => {
    const next = Object.entries({ ...rules, ...change }).filter(([, value]) => value !== undefined && value !== '')
    setRules(Object.fromEntries(next))
  }
  const numberRule = (name: 'minimum' | 'maximum' | 'decimals' | 'maxLength') => (
    <TextInput
      label={t(`structure.attribute.${name}`)}
      inputMode="decimal"
      type="number"
      step={name === 'minimum' || name === 'maximum' ? 'any' : 1}
      dir="ltr"
      value={rules[name] ?? ''}
      onValueChange={(text) => rule({ [name]: text === '' ? undefined : Number(text) })}
    />
  )
  return (
    <ItemSheet
      kind="attributes"
      item={item}
      members={{ type, group, localisable, scopable, rules }}
      onClose={onClose}
      after={item && WITH_OPTIONS.includes(item.type) && <Options attribute={item} />}
    >
      {item?.origin === 'inferred' && !item.corrected.includes('type') && item.guess && (
        <Note meaning="information">
          {t('structure.originsHelp.inferred')}{' '}
          {t('structure.guess', { count: item.guess.values, share: formatShare(item.guess.share, language) })}
        </Note>
      )}
      <Select
        label={t('structure.attribute.type')}
        value={type}
        onChange={setType}
        options={ATTRIBUTE_TYPES.map((value) => ({ value, label: t(`structure.types.${value}`) }))}
      />
      {(groups.data?.items.length ?? 0) > 0 && (
        <Combobox
          label={t('structure.attribute.group')}
          placeholder={t('structure.attribute.noGroup')}
          value={group}
          onChange={setGroup}
          options={groups.data!.items.map((each) => ({ value: each.code, label: labelText(each, language) }))}
        />
      )}
      {type === 'measurement' && (
        <TextInput
          label={t('structure.attribute.unit')}
          help={t('structure.attribute.unitHelp')}
          dir="ltr"
          maxLength={40}
          value={rules.unit ?? ''}
          onValueChange={(unit) => rule({ unit: unit.trim() })}
        />
      )}
      {type === 'price' && (
        <TextInput
          label={t('structure.attribute.currency')}
          help={t('structure.attribute.currencyHelp')}
          dir="ltr"
          maxLength={3}
          value={rules.currency ?? ''}
          onValueChange={(currency) => rule({ currency: currency.trim().toUpperCase() })}
        />
      )}
      {NUMERIC.includes(type) && (
        <div className="grid grid-cols-3 gap-3">
          {numberRule('minimum')}
          {numberRule('maximum')}
          {numberRule('decimals')}
        </div>
      )}
      {TEXTS.includes(type) && numberRule('maxLength')}
      {type === 'table' && (
        <Textarea
          label={t('structure.attribute.tableColumns')}
          value={(rules.columns ?? []).join('\n')}
          onValueChange={(text) => rule({ columns: text.trim() === '' ? undefined : text.split('\n') })}
          onBlur={() => rules.columns && rule({ columns: linesOf(rules.columns.join('\n')) })}
        />
      )}
      <Checkbox label={t('structure.attribute.localisable')} checked={localisable} onChange={setLocalisable} />
      <Checkbox label={t('structure.attribute.scopable')} checked={scopable} onChange={setScopable} />
      <Checkbox
        label={t('structure.attribute.identifies')}
        checked={rules.identifies ?? false}
        onChange={(identifies) => rule({ identifies: identifies || undefined })}
      />
    </ItemSheet>
  )
}

/** The options of a select attribute. */
function Options({ attribute }: { attribute: AttributeView }) {
  const { t, language } = useText()
  const mayWrite = useMay('catalogue.write')
  const [open, setOpen] = useState<OptionView | 'new'>()
  const list = useInfiniteQuery(listOf(listOptions, { params: { attribute: attribute.code }, query: { limit: 200 } }))
  const title = t('structure.optionsOf', { code: labelText(attribute, language) })
  return (
    <section aria-label={title} className="mt-6">
      <div className="mb-2 flex items-center justify-between gap-2">
        <h3 className="font-semibold">{title}</h3>
        {mayWrite && (
          <Button small icon={<Plus aria-hidden className="size-4" />} onClick={() => setOpen('new')}>
            {t('structure.add.options')}
          </Button>
        )}
      </div>
      {list.data?.items.length === 0 && <p className="text-ink-2">{t('structure.empty.options.what')}</p>}
      <ul className="overflow-hidden rounded-md border border-line empty:hidden">
        {list.data?.items.map((option) => (
          <li key={option.code} className="border-b border-line last:border-0">
            <button
              type="button"
              className="flex w-full items-baseline gap-2 px-3 py-1.5 text-start hover:bg-sunken coarse:min-h-11"
              onClick={() => setOpen(option)}
            >
              <span className="min-w-0 flex-1 truncate">
                <bdi>{labelText(option, language)}</bdi>
              </span>
              {Object.keys(option.labels).length > 0 && <span className="font-mono text-small text-ink-2">{option.code}</span>}
            </button>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button small kind="quiet" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('structure.more')}
        </Button>
      )}
      {open && <OptionSheet attribute={attribute.code} item={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />}
    </section>
  )
}

const OptionSheet = ({ attribute, item, onClose }: { attribute: string; item: OptionView | undefined; onClose: () => void }) => (
  <ItemSheet kind="options" attribute={attribute} item={item} members={{}} onClose={onClose} />
)
