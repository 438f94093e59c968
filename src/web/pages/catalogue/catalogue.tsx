import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { FileUp, Files, Package, Sparkles } from 'lucide-react'
import { useState } from 'react'
import { listProducts, listSources, openSample, productFacets } from '../../../contract/catalogue.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { listOf, queryClient, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { chooseProducts } from '../../support/chosen-products.ts'
import { countSelected, NOTHING, type Selection } from '../../support/selection.ts'
import { useMay } from '../../support/me.ts'
import { ExportButton } from './export-button.tsx'
import { Filters } from './filters.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { ProductTable } from './product-table.tsx'
import { filterOf, isNarrowed, type ListSearch, queryOfList } from './search.ts'
import { SourcesSheet } from './sources-sheet.tsx'

const LOOK_AGAIN_MS = 1_000
// Three buttons stand beside each other on a narrow screen when they are words only.
const ICON = 'size-4 max-md:hidden'

/** Work, Catalogue: every product there is, narrowed, sorted, selected; where files come in and go out. */
export function CataloguePage() {
  const { t } = useText()
  const { import: importing, ...search } = useSearch({ from: '/shell/catalogue' })
  const navigate = useNavigate({ from: '/catalogue' })
  const mayWrite = useMay('catalogue.write')
  const mayEnrich = useMay('runs.write')
  const [showsSources, setShowsSources] = useState(false)
  const sources = useQuery(queryOf(listSources))
  const isEmpty = sources.data?.sources.length === 0
  const bring = () => void navigate({ search: (before) => ({ ...before, import: 'file' }) })
  const bringButton = (kind: 'main' | 'plain') =>
    mayWrite && (
      <Button kind={kind} icon={<FileUp aria-hidden className={ICON} />} onClick={bring}>
        {t('catalogue.bring')}
      </Button>
    )
  const action = (
    <>
      <Button icon={<Files aria-hidden className={ICON} />} onClick={() => setShowsSources(true)}>
        {t('catalogue.files')}
      </Button>
      {sources.data && <ExportButton sources={sources.data.sources} />}
      {/* To enrich is the main action as soon as there are products; it stands with the selection. */}
      {bringButton(mayEnrich ? 'plain' : 'main')}
    </>
  )
  return (
    <Page title={t('catalogue.title')} sentence={t('catalogue.sentence')} action={sources.data && !isEmpty ? action : undefined}>
      {sources.error ? (
        <ErrorState problem={toApiProblem(sources.error)} onRetry={() => void sources.refetch()} />
      ) : !sources.data ? (
        <TableSkeleton columns={5} />
      ) : isEmpty ? (
        <EmptyState
          icon={<Package aria-hidden className="size-8" />}
          title={t('catalogue.empty.title')}
          action={
            mayWrite && (
              <>
                {bringButton('main')}
                <SampleButton />
              </>
            )
          }
        >
          <p>{mayWrite ? t('catalogue.empty.what') : t('catalogue.empty.whom')}</p>
        </EmptyState>
      ) : (
        <ProductList search={search} sources={sources.data.sources} />
      )}
      {importing !== undefined && (mayWrite || importing !== 'file') && (
        <ImportDialog
          importId={importing === 'file' ? undefined : importing}
          sources={sources.data?.sources ?? []}
          onImport={(id) => void navigate({ search: (before) => ({ ...before, import: id }), replace: true })}
          onSee={(source) => void navigate({ search: sources.data && sources.data.sources.length > 1 ? { source } : {} })}
          onClose={() => void navigate({ search })}
        />
      )}
      {sources.data && <SourcesSheet open={showsSources} sources={sources.data.sources} onClose={() => setShowsSources(false)} />}
    </Page>
  )
}

/** The catalogue in the box. */
function SampleButton() {
  const { t } = useText()
  const [busy, setBusy] = useState(false)
  const open = async () => {
    setBusy(true)
    try {
      await callApi(openSample)
      await queryClient.invalidateQueries()
    } catch (error) {
      sayProblem(error, t)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button busy={busy} onClick={() => void open()}>
      {t('catalogue.empty.sample')}
    </Button>
  )
}

type Sources = Parameters<typeof SourcesSheet>[0]['sources']

function ProductList({ search, sources }: { search: ListSearch; sources: Sources }) {
  const { t } = useText()
  const navigate = useNavigate({ from: '/catalogue' })
  const go = useNavigate()
  const mayEnrich = useMay('runs.write')
  const [selection, setSelection] = useState<Selection>(NOTHING)
  const [shown, setShown] = useState<readonly string[]>([])
  const query = queryOfList(search)
  const { sort: _sort, direction: _direction, ...filter } = query
  const attributes = shown.length > 0 ? { attributes: JSON.stringify(shown.slice(0, 50)) } : {}
  const lookAgain = (ready: boolean | undefined) => (ready === false ? LOOK_AGAIN_MS : false)
  const list = useInfiniteQuery({
    ...listOf(listProducts, { query: { ...query, ...attributes, limit: 100 } }),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => lookAgain(state.data?.pages[0]?.index.ready),
  })
  const facets = useQuery({
    ...queryOf(productFacets, { query: filter }),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => lookAgain(state.data?.index.ready),
  })
  const change = (next: ListSearch) => {
    setSelection(NOTHING)
    void navigate({ search: next, replace: true })
  }
  const total = facets.data?.matching ?? list.data?.first?.matching ?? undefined
  const index = list.data?.first?.index
  const selected = countSelected(selection, total)
  const isNothing = selected === 0 // then all that match can be enriched
  const count = isNothing ? total : selected
  const enrich = () => {
    if (isNothing) chooseProducts({ filter: filterOf(search), except: [] })
    else chooseProducts(selection.all ? { filter: filterOf(search), except: [...selection.except] } : { ids: [...selection.ids] })
    void go({ href: '/enrich' })
  }
  return (
    <div className="flex flex-col gap-3">
      {index && !index.ready && (
        <Note meaning="information">{t('catalogue.indexing', { indexed: index.indexed, products: index.products })}</Note>
      )}
      {list.error ? (
        <ErrorState problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />
      ) : !list.data ? (
        <TableSkeleton columns={5} />
      ) : (
        <ProductTable
          rows={list.data.items}
          search={search}
          sources={sources}
          attributes={facets.data?.attributes.map(({ attribute }) => attribute) ?? []}
          onAttributes={setShown}
          onSort={(sort, down) => change({ ...search, sort, ...(down ? { down } : { down: undefined }) })}
          selection={selection}
          onSelect={setSelection}
          total={total}
          actions={
            mayEnrich && (
              <Button kind="main" small icon={<Sparkles aria-hidden className="size-4" />} onClick={enrich}>
                {count === undefined ? t('catalogue.enrichAll') : t('catalogue.enrich', { count })}
              </Button>
            )
          }
          hasMore={list.hasNextPage}
          loadingMore={list.isFetchingNextPage}
          onMore={() => !list.isFetchingNextPage && void list.fetchNextPage()}
          tools={<Filters search={search} sources={sources} facets={facets.data} onChange={change} />}
          footnote={
            list.data.items.length === 0
              ? undefined
              : total === undefined
                ? undefined
                : t('catalogue.shown', { count: total, shown: list.data.items.length })
          }
        />
      )}
      {list.data?.items.length === 0 && (
        <EmptyState
          title={isNarrowed(search) ? t('catalogue.nothing.title') : t('catalogue.nothing.none')}
          action={isNarrowed(search) && <Button onClick={() => change({})}>{t('catalogue.nothing.clear')}</Button>}
        >
          {isNarrowed(search) && <p>{t('catalogue.nothing.what')}</p>}
        </EmptyState>
      )}
    </div>
  )
}
