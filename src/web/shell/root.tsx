import { Outlet } from '@tanstack/react-router'
import { Suspense } from 'react'
import { HotkeysOverlay } from '../components/hotkeys-overlay.tsx'
import { Toasts } from '../components/toast.tsx'
import { PageWaiting } from './page-waiting.tsx'

/** Around every page: toasts, and the keys that `?` shows. */
export function Root() {
  return (
    <>
      <Suspense fallback={<PageWaiting />}>
        <Outlet />
      </Suspense>
      <HotkeysOverlay />
      <Toasts />
    </>
  )
}
