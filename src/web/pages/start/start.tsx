import { Page } from '../../components/page.tsx'
import { useText } from '../../messages/text.tsx'

export function StartPage() {
  const { t } = useText()
  return (
    <Page title={t('start.title')} sentence={t('start.sentence')}>
      <p />
    </Page>
  )
}
