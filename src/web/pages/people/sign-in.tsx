import { Page } from '../../components/page.tsx'
import { useText } from '../../messages/text.tsx'

export function SignInPage() {
  const { t } = useText()
  return (
    <Page title={t('start.title')} sentence={t('start.sentence')}>
      <p />
    </Page>
  )
}
