import { useInfiniteQuery } from '@tanstack/react-query'
import { type ImportView, listProducts, listRejectedRows, listSources, productFacets, watchImport } from '../../../contract/catalogue.ts'
import { useEvents } from '../../api/events.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, listOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { ScrollBox } from '../../components/scroll-box.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount, formatDuration, formatShare } from '../../support/numbers.ts'
import { useNow } from '../../support/use-now.ts'

/** An import while it runs, and what came of it. */
export function ImportProgress({
  seen,
  onSeen,
  onSee,
  onClose,
}: {
  seen: ImportView
  onSeen: (view: ImportView) => void
  onSee: () => void
  onClose: () => void
}) {
  const { t } = useText()
  const onEvent = (view: ImportView) => {
    onSeen(view)
    if (view.state !== 'running') void invalidate(listSources, listProducts, productFacets)
  }
  const see = () => {
    void invalidate(listSources, listProducts, productFacets) // one that ended before it was watched told nobody
    onSee()
  }
  const { problem } = useEvents(watchImport, seen.state === 'running' ? { params: { importId: seen.id } } : null, { onEvent })
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <bdi className="font-medium">{seen.source.label}</bdi>
        <Badge meaning={seen.state === 'finished' ? 'good' : seen.state === 'failed' ? 'failing' : 'information'}>
          {t(`catalogue.import.states.${seen.state}`)}
        </Badge>
      </div>
      {seen.state === 'running' && <Running seen={seen} />}
      {seen.error && (
        <Note meaning="failing">
          <p>{seen.error.detail}</p>
          {seen.error.code !== 'unexpected' && (
            <a className="link font-mono text-small" href={`/docs/errors/${seen.error.code}`} target="_blank" rel="noreferrer">
              {seen.error.code}
            </a>
          )}
        </Note>
      )}
      <Counts seen={seen} />
      {seen.state === 'finished' && seen.rejected > 0 && <Rejected seen={seen} />}
      {problem && <ErrorNote problem={problem} />}
      <div className="flex justify-end gap-2">
        {seen.state === 'running' && <p className="me-auto self-center text-table text-ink-2">{t('catalogue.import.goesOn')}</p>}
        <Button kind={seen.state === 'finished' ? 'main' : 'plain'} onClick={seen.state === 'finished' ? see : onClose}>
          {seen.state === 'finished' ? t('catalogue.import.see', { count: seen.read }) : t('common.close')}
        </Button>
      </div>
    </div>
  )
}

function Running({ seen }: { seen: ImportView }) {
  const { t, language } = useText()
  const nowMs = useNow()
  const share = seen.bytes === 0 ? 0 : seen.bytesRead / seen.bytes
  const sinceMs = Math.max(1, nowMs - Date.parse(seen.startedAt))
  const perSecond = (seen.read / sinceMs) * 1000
  const leftMs = share > 0.02 ? (sinceMs / share) * (1 - share) : undefined
  return (
    <div className="flex flex-col gap-1.5">
      <progress className="h-2 w-full accent-(--color-brass)" aria-label={t('catalogue.import.importing')} max={1} value={share} />
      <p role="status" className="tabular flex flex-wrap gap-x-4 text-table text-ink-2">
        <span>{formatShare(share, language)}</span>
        {seen.read > 0 && <span>{t('catalogue.import.rate', { count: Math.round(perSecond) })}</span>}
        {leftMs !== undefined && <span>{t('catalogue.import.left', { time: formatDuration(leftMs, language) })}</span>}
      </p>
    </div>
  )
}

function Counts({ seen }: { seen: ImportView }) {
  const { t, language } = useText()
  const counts = ['read', 'new', 'changed', 'unchanged', 'gone', 'rejected'] as const
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-6">
      {counts.map((name) => (
        <div key={name} className="flex flex-col">
          <dt className="text-table text-ink-2">{t(`catalogue.import.counts.${name}`)}</dt>
          <dd className="tabular text-section font-semibold">{formatCount(seen[name], language)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The rows that were left out, with the line of the file and the reason. */
function Rejected({ seen }: { seen: ImportView }) {
  const { t } = useText()
  const rows = useInfiniteQuery(listOf(listRejectedRows, { params: { importId: seen.id } }))
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-semibold">{t('catalogue.import.leftOut')}</h3>
      {rows.error && <ErrorNote problem={toApiProblem(rows.error)} />}
      <ScrollBox label={t('catalogue.import.leftOut')}>
        <table className="w-full text-table">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              <th scope="col" className="px-3 py-1.5 text-end font-medium whitespace-nowrap">
                {t('catalogue.import.line')}
              </th>
              <th scope="col" className="w-full px-3 py-1.5 text-start font-medium">
                {t('catalogue.import.reason')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.data?.items.map(({ line, reason }) => (
              <tr key={line} className="border-t border-line">
                <td className="tabular px-3 py-1.5 text-end whitespace-nowrap">{line}</td>
                <td className="px-3 py-1.5">{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
      {rows.hasNextPage && (
        <div>
          <Button small busy={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
            {t('common.table.more')}
          </Button>
        </div>
      )}
    </div>
  )
}
