import { CircleCheck, TriangleAlert } from 'lucide-react'
import type { Quality, QualityPart } from '../../../contract/quality.ts'
import type { ProductStandingView } from '../../../contract/structure.ts'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { formatShare } from '../../support/numbers.ts'
import { labelText } from './label-text.ts'

/** How a product stands: its quality with every part and what to do, and its completeness in each channel and language. */
export function StandingPanel({ standing }: { standing: ProductStandingView }) {
  const { language } = useText()
  const known = new Map(standing.attributes.map((attribute) => [attribute.code, labelText(attribute, language)]))
  const nameOf = (code: string): string => known.get(code) ?? code
  return (
    <div className="flex flex-col gap-4">
      <QualityCard quality={standing.quality} nameOf={nameOf} />
      <CompletenessCard standing={standing} nameOf={nameOf} />
    </div>
  )
}

type NameOf = (code: string) => string

function QualityCard({ quality: { score, parts }, nameOf }: { quality: Quality; nameOf: NameOf }) {
  const { t } = useText()
  return (
    <section aria-label={t('structure.quality.title')} className="rounded-md border border-line bg-surface p-3">
      <h2 className="font-semibold">{t('structure.quality.score', { score })}</h2>
      <div aria-hidden className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken">
        <div className={cx('h-full', meaningOf(score))} style={{ width: `${score}%` }} />
      </div>
      <ul className="mt-3 flex flex-col gap-2">
        {parts
          .toSorted((a, b) => lostPoints(b) - lostPoints(a))
          .map((part) => (
            <Part key={part.part} part={part} nameOf={nameOf} />
          ))}
      </ul>
    </section>
  )
}

const lostPoints = ({ weight, share }: QualityPart): number => weight * (1 - share)
const meaningOf = (score: number): string => (score >= 80 ? 'bg-good' : score >= 50 ? 'bg-attention' : 'bg-failing')

function Part({ part: { part, weight, share, finding, count, names }, nameOf }: { part: QualityPart; nameOf: NameOf }) {
  const { t, language } = useText()
  const isGood = finding === 'good'
  const Icon = isGood ? CircleCheck : TriangleAlert
  const points = Math.round(weight * share * 10) / 10
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', isGood ? 'text-good' : 'text-attention')} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline justify-between gap-2">
          <span className="font-medium">{t(`structure.quality.parts.${part}`)}</span>
          <span className="tabular shrink-0 text-table text-ink-2">{t('structure.quality.points', { points, weight })}</span>
        </p>
        {!isGood && (
          <p className="text-table break-words text-ink-2">
            {t(`structure.quality.findings.${finding}`, { count, names: new Intl.ListFormat(language).format(names.map(nameOf)) })}
          </p>
        )}
      </div>
    </li>
  )
}

function CompletenessCard({ standing: { completeness }, nameOf }: { standing: ProductStandingView; nameOf: NameOf }) {
  const { t, language } = useText()
  return (
    <section aria-label={t('structure.standing.completeness')} className="rounded-md border border-line bg-surface p-3">
      <h2 className="font-semibold">{t('structure.standing.completeness')}</h2>
      {completeness.length === 0 ? (
        <p className="mt-1 text-table text-ink-2">{t('structure.standing.noFamily')}</p>
      ) : (
        <ul className="mt-2 flex flex-col gap-2">
          {completeness.map(({ channel, locale, required, missing }) => (
            <li key={`${channel}/${locale}`}>
              <p className="flex items-baseline justify-between gap-2">
                <span className="min-w-0 truncate font-medium">
                  {channel === null ? t('structure.standing.everywhere') : [channel, locale].filter(Boolean).join(' · ')}
                </span>
                <span className={cx('tabular shrink-0 text-table', missing.length === 0 ? 'text-good' : 'text-attention')}>
                  {formatShare((required - missing.length) / required, language)}
                </span>
              </p>
              <p className="text-table break-words text-ink-2">
                {missing.length === 0
                  ? t('structure.standing.allFilled', { count: required })
                  : t('structure.standing.missing', { names: new Intl.ListFormat(language).format(missing.map(nameOf)) })}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
