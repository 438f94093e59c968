import { CSPProvider } from '@base-ui/react/csp-provider'
import { DirectionProvider } from '@base-ui/react/direction-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onSignedOut } from './api/call.ts'
import { queryClient } from './api/query.ts'
import { startLanguage } from './messages/language.ts'
import { useText } from './messages/text.tsx'
import { router } from './router.ts'
import './styles.css'

function App() {
  const { rightToLeft } = useText()
  return (
    <CSPProvider disableStyleElements>
      <DirectionProvider direction={rightToLeft ? 'rtl' : 'ltr'}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </DirectionProvider>
    </CSPProvider>
  )
}

/** A session that ended elsewhere leads to sign-in, and back to this page after it. */
onSignedOut(() => {
  const { pathname, href } = router.state.location
  if (['/sign-in', '/claim', '/join'].some((open) => pathname.startsWith(open))) return
  queryClient.clear()
  void router.navigate({ to: '/sign-in', search: { back: href } })
})

await startLanguage()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
