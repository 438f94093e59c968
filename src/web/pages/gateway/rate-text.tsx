import type { RateLimitView } from '../../../contract/budgets.ts'
import { useText } from '../../messages/text.tsx'

/** How much of a rate limit is free now, and what it lets through. */
export function RateText({ limit: { counts, perMinute, available, burst } }: { limit: RateLimitView }) {
  const { t } = useText()
  return <>{t(`gateway.limits.${counts}Free`, { perMinute, available, burst })}</>
}
