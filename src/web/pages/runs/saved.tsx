import type { RunReceiptView } from '../../../contract/runs.ts'
import { Count, Money } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'

/** What the steps of a run saved; nothing where none did. */
export function Saved({ saved }: { saved: RunReceiptView['saved'] }) {
  const { t } = useText()
  const counts = (['byRules', 'valuesByRules', 'filled', 'escalated', 'cacheReadTokens'] as const).filter((name) => saved[name] > 0)
  if (counts.length === 0 && !saved.spared && !saved.belowList) return null
  return (
    <section aria-label={t('runs.saved.title')}>
      <h3 className="font-medium">{t('runs.saved.title')}</h3>
      <dl className="grid max-w-xl grid-cols-[1fr_auto] gap-x-4 gap-y-1.5 pt-1">
        {counts.map((name) => (
          <div key={name} className="contents">
            <dt className="text-ink-2">{t(`runs.saved.${name}`)}</dt>
            <dd className="text-end">
              <Count of={saved[name]} />
            </dd>
          </div>
        ))}
        {saved.spared && (
          <>
            <dt className="text-ink-2">{t('runs.saved.spared')}</dt>
            <dd className="text-end">
              <Money of={saved.spared} />
            </dd>
          </>
        )}
        {saved.belowList && (
          <>
            <dt className="text-ink-2">{t('runs.saved.belowList')}</dt>
            <dd className="text-end">
              <Money of={saved.belowList} />
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}
