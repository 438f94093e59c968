import { Outlet, useRouterState } from '@tanstack/react-router'
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { IconButton } from '../components/button.tsx'
import { Sheet } from '../components/dialog.tsx'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { keep, kept } from '../support/kept.ts'
import { useMe } from '../support/me.ts'
import { useNarrow } from '../support/use-media.ts'
import { Logo } from './logo.tsx'
import { PageWaiting } from './page-waiting.tsx'
import { Rail } from './rail.tsx'
import { TopBar } from './top-bar.tsx'

const Nowhere = lazy(async () => ({ default: (await import('./nowhere.tsx')).Nowhere }))

/** Rail, top bar and the page. */
export function Shell() {
  const { t } = useText()
  const me = useMe()
  const narrow = useNarrow()
  const [small, setSmall] = useState(() => kept('rail') === 'small')
  const [railOpen, setRailOpen] = useState(false)
  const page = useFocusOfPage()
  if (me.workspace === null) return <Nowhere />
  const collapse = () => {
    keep('rail', small ? undefined : 'small')
    setSmall(!small)
  }
  return (
    <div className={cx('grid min-h-dvh', small ? 'md:grid-cols-[3.5rem_minmax(0,1fr)]' : 'md:grid-cols-[14rem_minmax(0,1fr)]')}>
      <a
        href="#page"
        className="sr-only z-60 rounded-md bg-brass px-3 py-2 text-on-brass focus:not-sr-only focus:fixed focus:inset-s-2 focus:top-2"
      >
        {t('shell.skip')}
      </a>
      {narrow ? (
        <Sheet side="start" open={railOpen} onClose={() => setRailOpen(false)} title={t('shell.rail')}>
          <Rail onGo={() => setRailOpen(false)} />
        </Sheet>
      ) : (
        <aside aria-label={t('shell.rail')} className="sticky top-0 flex h-dvh flex-col border-e border-line bg-surface">
          <div className={cx('flex h-12 shrink-0 items-center border-b border-line', small ? 'justify-center' : 'px-4')}>
            <Logo small={small} />
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-2 py-3">
            <Rail small={small} />
          </div>
          <div className={cx('flex border-t border-line p-2', small ? 'justify-center' : 'justify-end')}>
            <IconButton
              label={small ? t('shell.railWide') : t('shell.railSmall')}
              aria-expanded={!small}
              icon={
                small ? (
                  <PanelLeftOpen aria-hidden className="size-4 rtl:-scale-x-100" />
                ) : (
                  <PanelLeftClose aria-hidden className="size-4 rtl:-scale-x-100" />
                )
              }
              onClick={collapse}
            />
          </div>
        </aside>
      )}
      <div className="flex min-w-0 flex-col">
        <TopBar onMenu={narrow ? () => setRailOpen(true) : undefined} />
        <main ref={page} id="page" tabIndex={-1} className="mx-auto w-full max-w-360 flex-1 px-4 py-6 outline-none md:px-8">
          <Suspense fallback={<PageWaiting />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  )
}

/**
 * On a new page the keyboard goes on in it, when what had the focus (a link in the page before) is gone. At the very first page the
 * focus is left where browsers have it: the way past the rail comes first.
 */
function useFocusOfPage() {
  const page = useRef<HTMLElement>(null)
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  const before = useRef(path)
  useEffect(() => {
    if (before.current !== undefined && before.current !== path && document.activeElement === document.body)
      page.current?.focus({ preventScroll: true })
    before.current = path
  }, [path])
  return page
}
