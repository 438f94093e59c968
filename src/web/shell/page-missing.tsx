import { Link } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { EmptyState, Page } from '../components/page.tsx'
import { buttonClass } from '../components/button.tsx'
import { useText } from '../messages/text.tsx'

export function PageMissing() {
  const { t } = useText()
  return (
    <Page title={t('shell.missing.title')}>
      <EmptyState
        icon={<SearchX aria-hidden className="size-8" />}
        title={t('shell.missing.what')}
        action={
          <Link to="/" className={buttonClass({ kind: 'main' })}>
            {t('shell.missing.home')}
          </Link>
        }
      >
        {t('shell.missing.why')}
      </EmptyState>
    </Page>
  )
}
