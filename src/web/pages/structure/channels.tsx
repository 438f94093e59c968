import { useQuery } from '@tanstack/react-query'
import { Radio } from 'lucide-react'
import { useState } from 'react'
import { type ChannelView, listChannels } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useText } from '../../messages/text.tsx'
import { ItemSheet } from './item-sheet.tsx'
import { labelText, listIn } from './label-text.ts'
import { Nothing } from './nothing.tsx'
import { OriginOf } from './origin.tsx'
import type { TabProps } from './tab.ts'

/** Channels: where products are shown, in which languages and currencies. */
export function Channels({ adding, onAdded }: TabProps) {
  const { t, language } = useText()
  const [open, setOpen] = useState<ChannelView>()
  const { data, error, refetch } = useQuery(queryOf(listChannels, { query: { limit: 500 } }))
  const columns: Column<ChannelView>[] = [
    {
      id: 'label',
      header: t('structure.columns.label'),
      fixed: true,
      card: 'title',
      cell: (item) => <bdi className="font-medium">{labelText(item, language)}</bdi>,
    },
    { id: 'code', header: t('structure.columns.code'), width: '10rem', cell: (item) => <bdi className="font-mono">{item.code}</bdi> },
    { id: 'locales', header: t('structure.columns.locales'), width: '16rem', cell: (item) => item.locales.join(', ') },
    { id: 'currencies', header: t('structure.columns.currencies'), width: '10rem', cell: (item) => item.currencies.join(', ') },
    { id: 'origin', header: t('structure.columns.origin'), width: '9rem', cell: (item) => <OriginOf item={item} /> },
  ]
  if (error) return <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
  if (!data) return <TableSkeleton columns={4} rows={3} />
  return (
    <>
      {data.items.length === 0 ? (
        <Nothing kind="channels" icon={<Radio aria-hidden className="size-8" />} />
      ) : (
        <Table
          name="channels"
          label={t('structure.tabs.channels')}
          rows={data.items}
          columns={columns}
          rowId={({ code }) => code}
          onOpen={setOpen}
        />
      )}
      {(open ?? adding) && (
        <ChannelSheet
          key={open?.code ?? ''}
          item={open}
          onClose={() => {
            setOpen(undefined)
            onAdded()
          }}
        />
      )}
    </>
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
