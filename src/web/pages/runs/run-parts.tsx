import { useNavigate, useSearch } from '@tanstack/react-router'
import { Tabs } from '../../components/tabs.tsx'
import { useText } from '../../messages/text.tsx'
import type { LiveRun } from './run.tsx'
import { Failures } from './failures.tsx'
import { QuoteDetail } from './quote-detail.tsx'
import { Receipt } from './receipt.tsx'

/** What there is to read about a run: its receipt, what failed, its quote. */
export function RunParts({ run }: { run: LiveRun }) {
  const { t } = useText()
  const { tab } = useSearch({ from: '/shell/runs/$runId' })
  const navigate = useNavigate({ from: '/runs/$runId' })
  if (run.planning) return null
  const begun = run.startedAt !== null
  const shown = tab ?? (begun ? 'cost' : 'quote')
  return (
    <Tabs
      label={t('runs.parts')}
      value={shown}
      onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
      tabs={[
        { value: 'cost', label: t('runs.tabs.cost'), content: <Receipt run={run} /> },
        {
          value: 'failed',
          label: t('runs.tabs.failed', { count: run.counts.failed }),
          content: <Failures run={run} />,
        },
        { value: 'quote', label: t('runs.tabs.quote'), content: <QuoteDetail run={run} /> },
      ]}
    />
  )
}
