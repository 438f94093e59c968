import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { useState } from 'react'
import { EVERY_CHANNEL, type FamilyView, listChannels, listFamilies } from '../../../contract/structure.ts'
import { listOf, queryOf } from '../../api/query.ts'
import { Textarea, TextInput } from '../../components/field.tsx'
import type { Column } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { ItemTable, useItemColumns } from './item-list.tsx'
import { ItemSheet } from './item-sheet.tsx'
import { labelText, linesOf } from './label-text.ts'
import { SearchItems } from './search-items.tsx'
import type { TabProps } from './tab.ts'

/** Families: which attributes their products have, and which they need in each channel. */
export function Families({ search, adding, onAdded, onChange }: TabProps) {
  const { t, language } = useText()
  const { label, origin } = useItemColumns()
  const query = { limit: 200, ...(search.search ? { search: search.search } : {}) }
  const list = useInfiniteQuery({ ...listOf(listFamilies, { query }), placeholderData: (before) => before })
  const columns: Column<FamilyView>[] = [
    label,
    {
      id: 'attributes',
      header: t('structure.columns.attributes'),
      width: '8rem',
      align: 'end',
      fixed: true,
      cell: (item) => formatCount(item.attributes.length, language),
    },
    {
      id: 'required',
      header: t('structure.columns.required'),
      width: '18rem',
      cell: (item) => Object.values(item.required).some((codes) => codes.length > 0) && <Required family={item} />,
    },
    {
      id: 'variants',
      header: t('structure.columns.variants'),
      width: '14rem',
      cell: (item) =>
        item.variants.length > 0 && (
          <span className="text-ink-2">
            {t('structure.variantsHint', {
              axes: [...new Set(item.variants.flatMap(({ levels }) => levels.flatMap(({ axes }) => axes)))].join(', '),
            })}
          </span>
        ),
    },
    origin,
  ]
  return (
    <ItemTable
      kind="families"
      icon={Boxes}
      list={list}
      columns={columns}
      skeleton={{ columns: 4 }}
      isNarrowed={Boolean(search.search)}
      tools={<SearchItems value={search.search ?? ''} onChange={(text) => onChange({ ...search, search: text || undefined })} />}
      adding={adding}
      onAdded={onAdded}
      sheet={FamilySheet}
    />
  )
}

/** How many attributes a family asks for, by channel. */
function Required({ family: { required } }: { family: FamilyView }) {
  const { t, language } = useText()
  const asked = Object.entries(required)
    .filter(([, codes]) => codes.length > 0)
    .toSorted(([a], [b]) => a.localeCompare(b))
  return (
    <span className="flex flex-wrap gap-x-3 text-ink-2">
      {asked.map(([channel, codes]) => (
        <span key={channel} className="whitespace-nowrap">
          {channel === EVERY_CHANNEL ? t('structure.standing.everywhere') : channel}{' '}
          <span className="tabular">{formatCount(codes.length, language)}</span>
        </span>
      ))}
    </span>
  )
}

function FamilySheet({ item, onClose }: { item: FamilyView | undefined; onClose: () => void }) {
  const { t, language } = useText()
  const channels = useQuery(queryOf(listChannels, { query: { limit: 500 } }))
  const [attributes, setAttributes] = useState((item?.attributes ?? []).join('\n'))
  const [required, setRequired] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(Object.entries(item?.required ?? {}).map(([channel, codes]) => [channel, codes.join('\n')])),
  )
  const [label, setLabel] = useState(item?.labelAttribute ?? '')
  const [image, setImage] = useState(item?.imageAttribute ?? '')
  const asked = Object.entries(required).map(([channel, text]) => [channel, linesOf(text)] as const)
  const members = {
    attributes: linesOf(attributes),
    required: Object.fromEntries(asked.filter(([channel, codes]) => codes.length > 0 || item?.required[channel] !== undefined)),
    labelAttribute: label.trim() || null,
    imageAttribute: image.trim() || null,
    variants: item?.variants ?? [],
  }
  const known = channels.data?.items ?? []
  const shown = [...new Set([EVERY_CHANNEL, ...known.map(({ code }) => code), ...Object.keys(required)])]
  const nameOf = (channel: string): string =>
    labelText(known.find(({ code }) => code === channel) ?? { code: channel, labels: {} }, language)
  return (
    <ItemSheet kind="families" item={item} members={members} onClose={onClose}>
      <Textarea label={t('structure.family.attributes')} mono rows={6} value={attributes} onValueChange={setAttributes} />
      {shown.map((channel) => (
        <Textarea
          key={channel}
          label={
            channel === EVERY_CHANNEL
              ? t('structure.family.requiredEverywhere')
              : t('structure.family.required', { channel: nameOf(channel) })
          }
          mono
          value={required[channel] ?? ''}
          onValueChange={(text) => setRequired({ ...required, [channel]: text })}
        />
      ))}
      <TextInput label={t('structure.family.label')} optional mono value={label} onValueChange={setLabel} />
      <TextInput label={t('structure.family.image')} optional mono value={image} onValueChange={setImage} />
    </ItemSheet>
  )
}
