import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import { listSources } from '../../../contract/catalogue.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { Page } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { AcceptanceTable } from './acceptance-table.tsx'
import { Corrections } from './corrections.tsx'
import { Rules } from './rules.tsx'

/** What is remembered of a source: rules, corrections as examples, and how often what models write for it is accepted. */
export function MemoryPage() {
  const { t } = useText()
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId/memory' })
  const { data, error, refetch } = useQuery(queryOf(listSources))
  const source = data?.sources.find(({ id }) => id === sourceId)
  return (
    <>
      <Link to="/catalogue" className="link mb-2 inline-flex items-center gap-1.5 text-ink-2">
        <ArrowLeft aria-hidden className="size-4 rtl:-scale-x-100" />
        {t('memory.back')}
      </Link>
      <Page title={source ? t('memory.titleOf', { source: source.label }) : t('memory.title')} sentence={t('memory.sentence')}>
        {error ? (
          <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
        ) : !source ? (
          <FieldsSkeleton />
        ) : (
          <>
            <Rules sourceId={sourceId} attributes={source.attributes} />
            <Corrections sourceId={sourceId} />
            <AcceptanceTable sourceId={sourceId} />
          </>
        )}
      </Page>
    </>
  )
}
