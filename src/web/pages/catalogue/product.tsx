import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowLeft, ChevronLeft, ChevronRight, ExternalLink, Sparkles } from 'lucide-react'
import { useEffect, useState } from 'react'
import { type PictureView, type ProductView, readProduct } from '../../../contract/catalogue.ts'
import { readProductStanding } from '../../../contract/structure.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryClient, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button, buttonClass, IconButton } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Page, PracticeBand } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { chooseProducts } from '../../support/chosen-products.ts'
import { useHotkeys } from '../../support/hotkeys.ts'
import { useMay } from '../../support/me.ts'
import { ProductValues } from '../review/product-values.tsx'
import { StandingPanel } from '../structure/standing-panel.tsx'
import { queryOfList } from './search.ts'

/** One product: its values and where each came from, its pictures, its neighbours in the list it was opened from. */
export function ProductPage() {
  const { t } = useText()
  const { productId } = useParams({ from: '/shell/catalogue/$productId' })
  const search = useSearch({ from: '/shell/catalogue/$productId' })
  const navigate = useNavigate()
  const mayEnrich = useMay('runs.write')
  const { data, error, refetch } = useQuery(queryOf(readProduct, { params: { productId }, query: queryOfList(search) }))
  const standing = useQuery(queryOf(readProductStanding, { params: { productId } }))
  useEffect(() => {
    // The neighbours are read ahead: going through a list does not wait.
    for (const near of [data?.next, data?.previous]) {
      if (near) void queryClient.prefetchQuery(queryOf(readProduct, { params: { productId: near.id }, query: queryOfList(search) }))
    }
  }, [data, search])
  const go = (to: { id: string } | null | undefined) => {
    if (to) void navigate({ to: '/catalogue/$productId', params: { productId: to.id }, search })
  }
  useHotkeys([
    { keys: 'j', label: t('catalogue.product.next'), run: () => go(data?.next) },
    { keys: 'k', label: t('catalogue.product.previous'), run: () => go(data?.previous) },
  ])
  const enrich = () => {
    chooseProducts({ ids: [productId] })
    void navigate({ href: '/enrich' })
  }
  const title = data ? (data.name ?? data.identifier) : t('catalogue.product.title')
  return (
    <>
      <nav aria-label={t('catalogue.product.inList')} className="mb-2 flex items-center justify-between gap-2">
        <Link to="/catalogue" search={search} className="link inline-flex items-center gap-1.5 text-ink-2">
          <ArrowLeft aria-hidden className="size-4 rtl:-scale-x-100" />
          {t('catalogue.product.back')}
        </Link>
        <span className="flex gap-1">
          <IconButton
            label={t('catalogue.product.previous')}
            disabled={!data?.previous}
            onClick={() => go(data?.previous)}
            icon={<ChevronLeft aria-hidden className="size-4 rtl:-scale-x-100" />}
          />
          <IconButton
            label={t('catalogue.product.next')}
            disabled={!data?.next}
            onClick={() => go(data?.next)}
            icon={<ChevronRight aria-hidden className="size-4 rtl:-scale-x-100" />}
          />
        </span>
      </nav>
      <Page
        title={title}
        sentence={data && <Facts product={data} />}
        action={
          data && mayEnrich ? (
            <Button kind="main" icon={<Sparkles aria-hidden className="size-4" />} onClick={enrich}>
              {t('catalogue.product.enrich')}
            </Button>
          ) : undefined
        }
      >
        {error ? (
          <ErrorState
            problem={toApiProblem(error)}
            onRetry={() => void refetch()}
            instead={
              <Link to="/catalogue" search={search} className={buttonClass({})}>
                {t('review.empty.action')}
              </Link>
            }
          />
        ) : !data ? (
          <FieldsSkeleton />
        ) : (
          <>
            {data.values.some(({ kind }) => kind === 'practice') && <PracticeBand />}
            {data.gone && <Note meaning="attention">{t('catalogue.product.gone')}</Note>}
            <div className="mt-3 grid items-start gap-6 lg:grid-cols-[1fr_18rem] lg:grid-rows-[auto_1fr]">
              <div className="min-w-0 lg:row-span-2">
                <ProductValues key={data.id} product={data} standing={standing.data} />
              </div>
              <aside aria-label={t('catalogue.product.pictures')} className="flex flex-col gap-6 max-lg:order-first">
                <Pictures key={data.id} pictures={data.pictures} name={title} />
                <Variants product={data} />
              </aside>
              {standing.data && <StandingPanel standing={standing.data} />}
            </div>
          </>
        )}
      </Page>
    </>
  )
}

function Facts({ product }: { product: ProductView }) {
  const { t } = useText()
  return (
    <span className="flex flex-wrap gap-x-3">
      <bdi className="font-mono">{product.identifier}</bdi>
      {product.family !== null && <span>{product.family}</span>}
      <span>{t('catalogue.product.place', { source: product.source.label, row: product.row })}</span>
      {product.parent && (
        <span>
          {product.parent.id === null ? (
            t('mapping.product.parent', { identifier: product.parent.identifier })
          ) : (
            <Link to="/catalogue/$productId" params={{ productId: product.parent.id }} className="link">
              {t('mapping.product.parent', { identifier: product.parent.identifier })}
            </Link>
          )}
        </span>
      )}
    </span>
  )
}

function Variants({ product: { variants } }: { product: ProductView }) {
  const { t } = useText()
  if (variants.length === 0) return null
  return (
    <section aria-label={t('mapping.product.variants')}>
      <h2 className="font-semibold">{t('mapping.product.variants')}</h2>
      <ul className="mt-1 flex max-h-80 flex-col gap-1 overflow-y-auto">
        {variants.map(({ id, identifier }) => (
          <li key={id}>
            <Link to="/catalogue/$productId" params={{ productId: id }} className="link font-mono break-all">
              <bdi>{identifier}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Our own pictures are shown; those of other hosts are named, and not loaded. */
function Pictures({ pictures, name }: { pictures: readonly PictureView[]; name: string }) {
  const { t } = useText()
  const own = pictures.filter(({ host }) => host === null)
  const foreign = pictures.filter(({ host }) => host !== null)
  const [failed, setFailed] = useState<ReadonlySet<string>>(new Set())
  if (pictures.length === 0) return <p className="text-ink-2">{t('catalogue.product.noPictures')}</p>
  return (
    <div className="flex flex-col gap-3">
      {own.map(({ url }) =>
        failed.has(url) ? (
          <Note key={url} meaning="attention">
            {t('catalogue.product.pictureFailed')}
          </Note>
        ) : (
          <img
            key={url}
            src={url}
            alt={name}
            width={240}
            height={240}
            className="aspect-square w-full rounded-md border border-line bg-sunken object-contain max-lg:max-w-60"
            onError={() => setFailed(new Set([...failed, url]))}
          />
        ),
      )}
      {foreign.length > 0 && (
        <div className="rounded-md border border-line bg-surface p-3">
          <p className="text-table text-ink-2">{t('catalogue.product.notLoaded')}</p>
          <ul className="mt-2 flex flex-col gap-1.5">
            {foreign.map(({ url, host }) => (
              <li key={url} className="flex min-w-0 items-center gap-1.5">
                <ExternalLink aria-hidden className="size-4 shrink-0 text-ink-3" />
                <a className="link truncate" href={url} target="_blank" rel="noreferrer noopener">
                  <bdi>{host}</bdi>
                </a>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
