import { useQuery } from '@tanstack/react-query'
import { Radio } from 'lucide-react'
import { useState } from 'react'
import { type ChannelView, listChannels } from '../../../contract/structure.ts'
import { queryOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import type { Column } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { ItemTable, useItemColumns } from './item-list.tsx'
import { ItemSheet } from './item-sheet.tsx'
import { listIn } from './label-text.ts'
import type { TabProps } from './tab.ts'

/** Channels: where products are shown, in which languages and currencies. */
export function Channels({ adding, onAdded }: TabProps) {
  const { t } = useText()
  const { label, code, origin } = useItemColumns()
  const list = useQuery(queryOf(listChannels, { query: { limit: 500 } }))
  const columns: Column<ChannelView>[] = [
    label,
    { ...code, width: '10rem' },
    { id: 'locales', header: t('structure.columns.locales'), width: '16rem', cell: (item) => item.locales.join(', ') },
    { id: 'currencies', header: t('structure.columns.currencies'), width: '10rem', cell: (item) => item.currencies.join(', ') },
    origin,
  ]
  return (
    <ItemTable
      kind="channels"
      icon={Radio}
      list={list}
      columns={columns}
      skeleton={{ columns: 4, rows: 3 }}
      adding={adding}
      onAdded={onAdded}
      sheet={ChannelSheet}
    />
  )
}

function ChannelSheet({ item, onClose }: { item: ChannelView | undefined; onClose: () => void }) {
  const { t } = useText()
  const [locales, setLocales] = useState((item?.locales ?? []).join(', '))
  const [currencies, setCurrencies] = useState((item?.currencies ?? []).join(', '))
  const [tree, setTree] = useState(item?.tree ?? '')
  const members = { locales: listIn(locales), currencies: listIn(currencies).map((code) => code.toUpperCase()), tree: tree.trim() || null }
  return (
    <ItemSheet kind="channels" item={item} members={members} onClose={onClose}>
      <TextInput label={t('structure.channels.locales')} dir="ltr" value={locales} onValueChange={setLocales} />
      <TextInput label={t('structure.channels.currencies')} dir="ltr" value={currencies} onValueChange={setCurrencies} />
      <TextInput label={t('structure.channels.tree')} optional mono value={tree} onValueChange={setTree} />
    </ItemSheet>
  )
}
