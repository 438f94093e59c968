import type { CheckResult, CheckView } from '../../../contract/connections.ts'
import type { ProviderView } from '../../../contract/providers.ts'
import { Badge, Note, type Meaning } from '../../components/badge.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { useProviderName } from './provider-name.ts'
import { ProviderLinks } from './provider-links.tsx'

const MEANING: Record<CheckResult, Exclude<Meaning, 'neutral'>> = {
  ok: 'good',
  ok_limited: 'attention',
  rate_limited: 'attention',
  no_credit: 'attention',
  unproven: 'attention',
  bad_key: 'failing',
  wrong_region_or_host: 'failing',
  unreachable: 'failing',
}

/** Where the person can do something about it. */
const PAGE: Partial<Record<CheckResult, 'keys' | 'usage' | 'limits'>> = {
  ok_limited: 'keys',
  bad_key: 'keys',
  no_credit: 'usage',
  rate_limited: 'limits',
}

/** What a test of a key came to, and what to do now. */
export function CheckNote({ check, provider }: { check: CheckView; provider: ProviderView }) {
  const { t } = useText()
  const nameOf = useProviderName()
  const { result, detail } = check
  const page = PAGE[result]
  return (
    <Note meaning={MEANING[result]}>
      <p className="font-medium">{t(`providers.check.${result}.title`)}</p>
      <p>{t(`providers.check.${result}.what`, { provider: nameOf(provider) })}</p>
      {MEANING[result] === 'failing' && result !== 'bad_key' && (
        <p lang="en" dir="ltr" className="mt-1 text-table">
          {detail}
        </p>
      )}
      {page && <ProviderLinks provider={provider} only={[page]} />}
    </Note>
  )
}

/** The same in a word, with when it was. */
export function CheckBadge({ check }: { check: CheckView | null }) {
  const { t } = useText()
  if (!check) return <Badge>{t('providers.check.never')}</Badge>
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Badge meaning={MEANING[check.result]}>{t(`providers.check.${check.result}.word`)}</Badge>
      <span className="text-ink-2">
        <RelativeTime at={check.at} />
      </span>
    </span>
  )
}
