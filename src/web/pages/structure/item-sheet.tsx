import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useId, useState, type ReactNode } from 'react'
import {
  addItem,
  changeItem,
  type GivenItem,
  type Labels,
  listAttributes,
  listCategories,
  listChannels,
  listFamilies,
  listGroups,
  listOptions,
  readStructure,
  removeItem,
  type StructureKind,
} from '../../../contract/structure.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem, type ApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { labelText } from './label-text.ts'

/** An item that is there, whatever its kind. */
export interface StoredItem {
  readonly code: string
  readonly labels: Labels
  readonly corrected: readonly string[]
  readonly position: number
}

type Members = Readonly<Record<string, unknown>>

/** Every list of a structure is read again: what one holds, others count. */
export const structureChanged = () =>
  invalidate(readStructure, listAttributes, listCategories, listChannels, listFamilies, listGroups, listOptions)

/** What is sent of an item: the members that differ from how it was. */
const changedMembers = (before: Members, after: Members): Members =>
  Object.fromEntries(Object.entries(after).filter(([member, value]) => JSON.stringify(before[member]) !== JSON.stringify(value)))

export interface ItemSheetProps<Item extends StoredItem> {
  kind: StructureKind
  /** The attribute whose option it is. */
  attribute?: string
  /** Absent: a new one. */
  item?: Item | undefined
  /** The members as the fields have them now. */
  members: Members
  children?: ReactNode
  /** Below the fields, for an item that is there. */
  after?: ReactNode
  onClose: () => void
}

/** One item of a structure: its code, its labels, its kind's own fields; saved, added or removed, each of which can be taken back. */
export function ItemSheet<Item extends StoredItem>({ kind, attribute, item, members, children, after, onClose }: ItemSheetProps<Item>) {
  const { t, language } = useText()
  const formId = useId()
  const mayWrite = useMay('catalogue.write')
  const [code, setCode] = useState('')
  const [labels, setLabels] = useState<Labels>(item?.labels ?? {})
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const named = item ? labelText(item, language) : t(`structure.add.${kind}`)
  const given = (of: string, set: Members) => ({ kind, code: of, set, ...(attribute === undefined ? {} : { attribute }) }) as GivenItem
  const work = async (task: () => Promise<void>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await task()
      await structureChanged()
      onClose()
    } catch (error) {
      setProblem(toApiProblem(error))
      setBusy(false)
    }
  }
  const takeBack = (task: () => Promise<unknown>) => () => task().then(structureChanged, (error: unknown) => sayProblem(error, t))
  const save = () =>
    work(async () => {
      const wanted = { ...members, labels: Object.fromEntries(Object.entries(labels).filter(([, text]) => text.trim() !== '')) }
      if (!item) {
        await callApi(addItem, { body: given(code, changedMembers({ labels: {} }, wanted)) })
        const key = { kind, code: code.trim(), ...(attribute === undefined ? {} : { attribute }) } as never
        say(t('structure.added', { code }), { undo: takeBack(() => callApi(removeItem, { body: key })) })
        return
      }
      const before = item as unknown as Members
      const set = changedMembers(before, wanted)
      if (Object.keys(set).length === 0) return
      await callApi(changeItem, { body: given(item.code, set) })
      const former = Object.fromEntries(Object.keys(set).map((member) => [member, before[member]]))
      say(t('structure.changed', { code: item.code }), { undo: takeBack(() => callApi(changeItem, { body: given(item.code, former) })) })
    })
  const remove = () =>
    work(async () => {
      const key = { kind, code: item!.code, ...(attribute === undefined ? {} : { attribute }) } as never
      await callApi(removeItem, { body: key })
      const { position, labels: former } = item!
      const whole = {
        ...Object.fromEntries(Object.keys(members).map((member) => [member, (item as unknown as Members)[member]])),
        position,
      }
      say(t('structure.removed', { code: item!.code }), {
        undo: takeBack(() => callApi(addItem, { body: given(item!.code, { ...whole, labels: former }) })),
      })
    })
  return (
    <Sheet
      open
      onClose={onClose}
      title={named}
      description={item && <bdi className="font-mono text-table">{item.code}</bdi>}
      actions={
        mayWrite ? (
          <>
            {item && (
              <span className="me-auto">
                <Button kind="dangerous" icon={<Trash2 aria-hidden className="size-4" />} busy={busy} onClick={() => void remove()}>
                  {t('structure.remove', { code: named })}
                </Button>
              </span>
            )}
            <Button kind="main" type="submit" form={formId} busy={busy} disabled={!item && code.trim() === ''}>
              {item ? t('structure.save', { code: named }) : named}
            </Button>
          </>
        ) : undefined
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {item && item.corrected.length > 0 && (
          <p className="flex flex-wrap items-center gap-2 text-table text-ink-2">
            <Badge meaning="information">{t('structure.corrected')}</Badge>
            {t('structure.correctedHelp')}
          </p>
        )}
        {!item && (
          <TextInput
            label={t('structure.attribute.code')}
            help={t('structure.attribute.codeHelp')}
            required
            mono
            autoFocus
            maxLength={500}
            value={code}
            onValueChange={setCode}
            error={problem?.issue('code')}
          />
        )}
        <fieldset disabled={!mayWrite} className="flex flex-col gap-4">
          {children}
          <LabelFields labels={labels} onChange={setLabels} />
        </fieldset>
        {problem && <ErrorNote problem={problem} />}
      </form>
      {after}
    </Sheet>
  )
}

const MOST_LABELS = 12

/** A label for each language that the catalogue knows, or that there is one in. */
function LabelFields({ labels, onChange }: { labels: Labels; onChange: (labels: Labels) => void }) {
  const { t, language } = useText()
  const { data } = useQuery(queryOf(readStructure))
  const known = data?.locales ?? []
  const locales = [...new Set([...Object.keys(labels), ...(known.length > MOST_LABELS ? [] : known)])]
  return (locales.length === 0 ? [language] : locales).map((locale) => (
    <TextInput
      key={locale}
      label={t('structure.label', { locale: nameOf(locale, language) })}
      lang={locale}
      dir="auto"
      maxLength={500}
      value={labels[locale] ?? ''}
      onValueChange={(text) => onChange({ ...labels, [locale]: text })}
    />
  ))
}

function nameOf(locale: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(locale) ?? locale
  } catch {
    return locale // no language that the browser knows
  }
}
