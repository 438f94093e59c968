import { useState } from 'react'
import { type ImportChangesView, previewImport } from '../../../contract/catalogue.ts'
import type { RouteArguments } from '../../../contract/route.ts'
import { useEvents } from '../../api/events.ts'
import { Note } from '../../components/badge.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { ScrollBox } from '../../components/scroll-box.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount, formatShare } from '../../support/numbers.ts'

/** What an import would change, found out while it is shown: nothing is written. */
export function ImportChanges({ args, label }: { args: RouteArguments<typeof previewImport>; label: string }) {
  const { t } = useText()
  const [seen, setSeen] = useState<ImportChangesView>()
  const { problem } = useEvents(previewImport, args, { onEvent: setSeen })
  return (
    <section aria-label={t('mapping.changes.title')} className="flex flex-col gap-4">
      <p className="text-ink-2">{t('mapping.changes.what', { label })}</p>
      {problem && <ErrorNote problem={problem} />}
      {!seen && !problem && <FieldsSkeleton fields={2} />}
      {seen && (
        <>
          {seen.state === 'running' && <Reading seen={seen} />}
          <Counts seen={seen} />
          {seen.conflicts.count > 0 && <Conflicts conflicts={seen.conflicts} />}
          {seen.attributes.length > 0 && <Attributes attributes={seen.attributes} />}
          <Identifiers title={t('mapping.changes.gone')} identifiers={seen.goneExamples} count={seen.gone ?? 0} />
          <Identifiers title={t('mapping.changes.new')} identifiers={seen.newExamples} count={seen.new} />
          {seen.rejections.length > 0 && (
            <div>
              <h3 className="font-semibold">{t('catalogue.import.leftOut')}</h3>
              <ul className="mt-1 list-disc ps-5 text-table">
                {seen.rejections.map(({ line, reason }) => (
                  <li key={line}>{t('catalogue.import.atLine', { line, reason })}</li>
                ))}
              </ul>
            </div>
          )}
        </>
      )}
    </section>
  )
}

function Reading({ seen }: { seen: ImportChangesView }) {
  const { t, language } = useText()
  const share = seen.bytes === 0 ? 0 : Math.min(1, seen.bytesRead / seen.bytes)
  return (
    <div className="flex items-center gap-3">
      <progress className="h-2 w-full accent-(--color-brass)" aria-label={t('mapping.changes.reading')} max={1} value={share} />
      <span role="status" className="tabular text-table text-ink-2">
        {formatShare(share, language)}
      </span>
    </div>
  )
}

function Counts({ seen }: { seen: ImportChangesView }) {
  const { t, language } = useText()
  const counts = ['read', 'new', 'changed', 'unchanged', 'gone', 'rejected'] as const
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-6">
      {counts.map((name) => {
        const count = seen[name]
        return (
          <div key={name} className="flex flex-col">
            <dt className="text-table text-ink-2">{t(`catalogue.import.counts.${name}`)}</dt>
            <dd className="tabular text-section font-semibold">{count === null ? '…' : formatCount(count, language)}</dd>
          </div>
        )
      })}
    </dl>
  )
}

function Conflicts({ conflicts }: { conflicts: ImportChangesView['conflicts'] }) {
  const { t } = useText()
  return (
    <Note meaning="attention">
      <p>{t('mapping.changes.conflicts', { count: conflicts.count })}</p>
      <ul className="mt-1 flex flex-col gap-1 text-table">
        {conflicts.examples.slice(0, 5).map(({ identifier, attribute, locale, channel, written, imported }) => (
          <li key={`${identifier} ${attribute} ${locale} ${channel}`} className="break-words">
            <bdi className="font-mono">{identifier}</bdi>{' '}
            <bdi className="font-medium">{[attribute, locale, channel].filter(Boolean).join(' ')}</bdi>: <bdi>{written}</bdi>{' '}
            <span aria-hidden>≠</span> <bdi>{imported}</bdi>
          </li>
        ))}
      </ul>
    </Note>
  )
}

function Attributes({ attributes }: { attributes: ImportChangesView['attributes'] }) {
  const { t, language } = useText()
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-semibold">{t('mapping.changes.attributes')}</h3>
      <ScrollBox label={t('mapping.changes.attributes')}>
        <table className="min-w-full text-table">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              <th scope="col" className="min-w-32 px-3 py-1.5 text-start font-medium">
                {t('mapping.parts.attribute')}
              </th>
              {(['filled', 'changed', 'emptied'] as const).map((kind) => (
                <th key={kind} scope="col" className="px-3 py-1.5 text-end font-medium whitespace-nowrap">
                  {t(`mapping.changes.${kind}`)}
                </th>
              ))}
              <th scope="col" className="w-full min-w-56 px-3 py-1.5 text-start font-medium">
                {t('mapping.changes.examples')}
              </th>
            </tr>
          </thead>
          <tbody>
            {attributes.map(({ attribute, locale, channel, filled, changed, emptied, examples }) => (
              <tr key={`${attribute} ${locale} ${channel}`} className="border-t border-line align-top">
                <th scope="row" className="px-3 py-1.5 text-start font-medium break-words">
                  <bdi>{attribute}</bdi> <span className="font-normal text-ink-2">{[locale, channel].filter(Boolean).join(' ')}</span>
                </th>
                {[filled, changed, emptied].map((count, index) => (
                  <td key={index} className="tabular px-3 py-1.5 text-end">
                    {formatCount(count, language)}
                  </td>
                ))}
                <td className="max-w-md px-3 py-1.5">
                  {examples.map(({ identifier, before, after }) => (
                    <p key={identifier} className="break-words">
                      <bdi className="font-mono text-ink-2">{identifier}</bdi>{' '}
                      {before !== '' && <bdi className="text-ink-2 line-through decoration-1">{before}</bdi>} <bdi>{after}</bdi>
                    </p>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  )
}

function Identifiers({ title, identifiers, count }: { title: string; identifiers: readonly string[]; count: number }) {
  const { t } = useText()
  if (identifiers.length === 0) return null
  return (
    <div>
      <h3 className="font-semibold">{title}</h3>
      <p className="mt-1 text-table break-words text-ink-2">
        <bdi className="font-mono">{identifiers.join(', ')}</bdi>{' '}
        {count > identifiers.length && t('mapping.changes.andMore', { count: count - identifiers.length })}
      </p>
    </div>
  )
}
