import type { QuoteView } from '../../../contract/runs.ts'
import { Unknown } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { formatDay } from '../../support/times.ts'

/** Where a model's prices come from, and how old they are. */
export function PriceSource({ of }: { of: QuoteView['prices'] }) {
  const { t, language } = useText()
  if (of === null) return <Unknown why={t('runs.quoteReasons.price_unknown')} />
  if (of.free) return t('runs.free')
  if (of.kind === 'own') return t('runs.ownPrices')
  if (of.checkedAt === null) return t('runs.published')
  return t('runs.publishedOn', { date: formatDay(`${of.checkedAt}T12:00:00Z`, language) })
}
