import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { changeCorrection, listCorrections, listRules } from '../../../contract/memory.ts'
import type { RouteAnswer, RouteArguments } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, listOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Diff } from '../../components/diff.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { Textarea, TextInput } from '../../components/field.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { Section } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'

type Correction = RouteAnswer<typeof changeCorrection>
type Change = RouteArguments<typeof changeCorrection>['body']

/** What people made of what models wrote: the latest of each attribute stand as examples in the next prompts. */
export function Corrections({ sourceId }: { sourceId: string }) {
  const { t } = useText()
  const [search, setSearch] = useState('')
  const list = useInfiniteQuery(
    listOf(listCorrections, { params: { sourceId }, query: search.trim() === '' ? {} : { search: search.trim().slice(0, 200) } }),
  )
  const change = async (correction: Correction, body: Change): Promise<void> => {
    try {
      await callApi(changeCorrection, { params: { sourceId, correctionId: correction.id }, body })
      await invalidate(listCorrections, listRules)
      if (body.deleted) say(t('memory.corrections.deleted'), { undo: () => change(correction, { deleted: false }) })
    } catch (error) {
      sayProblem(error, t)
    }
  }
  return (
    <Section title={t('memory.corrections.title')} sentence={t('memory.corrections.what')}>
      <div className="mb-3 max-w-xs">
        <TextInput label={t('memory.corrections.search')} type="search" value={search} onValueChange={setSearch} maxLength={200} />
      </div>
      {list.error ? (
        <ErrorNote problem={toApiProblem(list.error)} />
      ) : !list.data ? (
        <FieldsSkeleton fields={3} />
      ) : list.data.items.length === 0 ? (
        <p className="text-ink-2">{t(search.trim() === '' ? 'memory.corrections.none' : 'memory.corrections.noneFound')}</p>
      ) : (
        <ul aria-label={t('memory.corrections.title')} className="flex flex-col gap-3">
          {list.data.items.map((correction) => (
            <li key={correction.id} className="rounded-md border border-line bg-surface p-3">
              <OneCorrection correction={correction} onChange={(body) => void change(correction, body)} />
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <div className="mt-3">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('common.table.more')}
          </Button>
        </div>
      )}
    </Section>
  )
}

function OneCorrection({ correction, onChange }: { correction: Correction; onChange: (change: Change) => void }) {
  const { t } = useText()
  const mayWrite = useMay('catalogue.write')
  const [text, setText] = useState<string>()
  const { product, attribute, locale, kind, wrote, made, reason, data, model, on, by, at } = correction
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Checkbox
          hideLabel
          label={t('memory.on', { what: product.identifier })}
          checked={on}
          disabled={!mayWrite}
          onChange={(next) => onChange({ on: next })}
        />
        <span className="font-medium">
          <bdi>{attribute}</bdi>
          {locale && <span className="font-normal text-ink-2"> {locale}</span>}
        </span>
        <Link to="/catalogue/$productId" params={{ productId: product.id }} className="link font-mono text-table">
          {product.identifier}
        </Link>
        <span className="text-table text-ink-2">
          {by !== null && <bdi>{by}</bdi>} <RelativeTime at={at} />
          {model !== null && (
            <>
              {' · '}
              <bdi className="font-mono">{model}</bdi>
            </>
          )}
        </span>
        {mayWrite && (
          <span className="ms-auto flex gap-1">
            {kind === 'edited' && text === undefined && (
              <Button small kind="quiet" onClick={() => setText(made ?? '')}>
                {t('memory.corrections.edit')}
              </Button>
            )}
            <IconButton
              small
              label={t('memory.corrections.delete')}
              icon={<Trash2 aria-hidden className="size-3.5" />}
              onClick={() => onChange({ deleted: true })}
            />
          </span>
        )}
      </div>
      {text === undefined ? (
        <div className={on ? '' : 'opacity-70'}>
          <Diff before={wrote} after={made ?? ''} {...(locale ? { locale } : {})} />
        </div>
      ) : (
        <div className="flex flex-col gap-2">
          <Textarea
            label={t('memory.corrections.text')}
            value={text}
            maxLength={4_000}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <span className="flex gap-2">
            <Button
              small
              kind="main"
              disabled={text.trim() === ''}
              onClick={() => {
                onChange({ made: text })
                setText(undefined)
              }}
            >
              {t('common.save')}
            </Button>
            <Button small onClick={() => setText(undefined)}>
              {t('common.cancel')}
            </Button>
          </span>
        </div>
      )}
      {kind === 'rejected' && (
        <p className="text-ink-2">{reason === null ? t('memory.corrections.rejected') : t('memory.corrections.rejectedFor', { reason })}</p>
      )}
      {data !== '' && (
        <details className="text-table text-ink-2">
          <summary className="cursor-default hover:text-ink">{t('memory.corrections.data')}</summary>
          <pre dir="auto" className="pt-1 font-sans break-words whitespace-pre-wrap">
            {data}
          </pre>
        </details>
      )}
    </div>
  )
}
