import { Dialog } from '@base-ui/react/dialog'
import { Autocomplete } from '@base-ui/react/autocomplete'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CirclePlus, Package, Search, type LucideIcon } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { listProducts } from '../../contract/catalogue.ts'
import { queryOf } from '../api/query.ts'
import { useText } from '../messages/text.tsx'
import { useMay } from '../support/me.ts'
import { actionsOf, useActions } from './palette-actions.ts'
import { usePlaces } from './use-places.ts'

interface Entry {
  id: string
  label: string
  note?: string
  group: string
  icon: LucideIcon
  run: () => void
}

const MOST_PRODUCTS = 8
const SEARCH_FROM = 2 // characters

/** Go to a page, find a product, start a run. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const [text, setText] = useState('')
  const entries = useEntries(text)
  const run = (entry: Entry) => {
    onClose()
    entry.run()
  }
  const groups = [...new Set(entries.map((entry) => entry.group))]
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup
          aria-label={t('shell.palette.title')}
          className="floats fixed inset-x-4 top-[10dvh] z-50 mx-auto flex max-h-[70dvh] max-w-xl flex-col overflow-hidden outline-none"
        >
          <Autocomplete.Root
            open
            inline
            items={entries}
            value={text}
            onValueChange={(next) => setText(next)}
            mode="none"
            autoHighlight="always"
            itemToStringValue={(entry: Entry) => entry.label}
          >
            <div className="flex items-center gap-2.5 border-b border-line px-4">
              <Search aria-hidden className="size-4 shrink-0 text-ink-2" />
              <Autocomplete.Input
                aria-label={t('shell.palette.title')}
                placeholder={t('shell.palette.hint')}
                className="h-12 w-full bg-transparent text-body outline-none"
              />
            </div>
            <Autocomplete.Empty>
              <span className="block px-4 py-6 text-center text-ink-2">{t('common.nothingFound')}</span>
            </Autocomplete.Empty>
            <Autocomplete.List className="min-h-0 flex-1 overflow-y-auto py-2">
              {groups.map((group) => (
                <Autocomplete.Group key={group} items={entries.filter((entry) => entry.group === group)}>
                  <Autocomplete.GroupLabel className="px-4 pt-2 pb-1 text-small text-ink-2">{group}</Autocomplete.GroupLabel>
                  {entries
                    .filter((entry) => entry.group === group)
                    .map((entry) => (
                      <Autocomplete.Item
                        key={entry.id}
                        value={entry}
                        onClick={() => run(entry)}
                        className="flex min-h-9 cursor-default items-center gap-2.5 px-4 outline-none data-highlighted:bg-selected coarse:min-h-11"
                      >
                        <entry.icon aria-hidden className="size-4 shrink-0 text-ink-2" />
                        <span dir="auto" className="min-w-0 truncate" title={entry.label}>
                          {entry.label}
                        </span>
                        {entry.note && <span className="ms-auto shrink-0 text-table text-ink-2">{entry.note}</span>}
                      </Autocomplete.Item>
                    ))}
                </Autocomplete.Group>
              ))}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Whether each word typed begins a word of the label. */
const fits = (label: string, text: string): boolean => {
  const words = label.toLowerCase().split(/[\s·-]+/)
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((typed) => words.some((word) => word.startsWith(typed)))
}

function useEntries(text: string): Entry[] {
  const { t } = useText()
  const navigate = useNavigate()
  const places = usePlaces()
  const own = useActions()
  const products = useProducts(text.trim())
  const pages = places.flatMap((group) =>
    group.places.map(({ to, label, icon }) => ({
      id: to,
      label: t(label),
      note: t(group.group),
      group: t('shell.palette.goTo'),
      icon,
      run: () => void navigate({ to }),
    })),
  )
  const actions = actionsOf(places, own).map(({ to, label }) => ({
    id: `action ${label}`,
    label: t(label),
    group: t('shell.palette.do'),
    icon: CirclePlus,
    run: () => void navigate({ href: to }),
  }))
  return [...[...actions, ...pages].filter(({ label }) => text.trim() === '' || fits(label, text.trim())), ...products]
}

function useProducts(text: string): Entry[] {
  const { t } = useText()
  const navigate = useNavigate()
  const may = useMay('catalogue.read')
  const searched = useDeferredValue(text)
  const wanted = may && searched.length >= SEARCH_FROM
  const { data } = useQuery({ ...queryOf(listProducts, { query: { search: searched, limit: MOST_PRODUCTS } }), enabled: wanted })
  if (!wanted || !data) return []
  return data.items.map((product) => ({
    id: product.id,
    label: product.name ?? product.identifier,
    ...(product.name === null ? {} : { note: product.identifier }),
    group: t('shell.palette.products'),
    icon: Package,
    run: () => void navigate({ href: `/catalogue/${product.id}` }),
  }))
}
