import { useState, type KeyboardEvent } from 'react'
import type { Consumption } from '../../../contract/consumption.ts'
import { useMoneyText } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { useNarrow } from '../../support/use-media.ts'
import { cx } from '../../support/cx.ts'
import { type Bar, type BarPart, barsOf, chartColour, sumOf, ticksTo, toMoney } from './chart-data.ts'
import { Swatch } from './groups-table.tsx'
import { dayLabel, shortDay, useLabels } from './labels.ts'
import type { Measure } from './search.ts'

const MOST_BARS = { narrow: 62, wide: 124 }

/**
 * Bars of boxes, not a chart library: stacked bars are all this page draws, boxes flow from right to left by themselves, every bar
 * is a button for keyboard and reader, and the first visit loads nothing for them. The table below has the same figures.
 */
export function Chart({
  consumption,
  measure,
  currency,
  colours,
  onOpen,
}: {
  consumption: Consumption
  measure: Measure
  currency: string
  colours: ReadonlyMap<string, number>
  /** Opens the days of a bar. */
  onOpen: (days: { from: string; to: string }) => void
}) {
  const { t, language } = useText()
  const { money } = useMoneyText()
  const narrow = useNarrow()
  const [looked, setLooked] = useState<number>()
  const bars = barsOf(consumption, { measure, currency, most: narrow ? MOST_BARS.narrow : MOST_BARS.wide })
  const ticks = ticksTo(Math.max(...bars.map(({ total }) => total)), 1)
  const top = ticks.at(-1)!
  const amount = (parts: readonly BarPart[]): string =>
    measure === 'cost' ? money(toMoney(sumOf(parts), currency)) : formatCount(sumOf(parts), language)
  const axis = (tick: number): string => (measure === 'cost' ? money(toMoney(BigInt(Math.round(tick)), currency)) : compact(tick, language))
  if (top === 0)
    return (
      <p className="rounded-md border border-line bg-surface px-4 py-8 text-center text-ink-2">
        {t(`consumption.nothingDrawn.${measure}`)}
      </p>
    )
  const bar = looked === undefined ? undefined : bars[looked]
  return (
    <div className="flex flex-col gap-4 rounded-md border border-line bg-surface p-4 lg:flex-row">
      <div className="grid min-w-0 flex-1 grid-cols-[auto_1fr] gap-x-2">
        <div aria-hidden className="relative min-w-10 text-end text-small text-ink-2">
          <span className="invisible">{axis(top)}</span>
          {ticks.map((tick) => (
            <span
              key={tick}
              className="tabular absolute inset-e-0 translate-y-1/2 whitespace-nowrap"
              style={{ bottom: `${(tick / top) * 100}%` }}
            >
              {axis(tick)}
            </span>
          ))}
        </div>
        <div className="relative mt-2 h-52">
          {ticks.map((tick) => (
            <div key={tick} aria-hidden className="absolute inset-x-0 border-t border-line" style={{ bottom: `${(tick / top) * 100}%` }} />
          ))}
          <Bars bars={bars} top={top} colours={colours} amount={amount} looked={looked} onLook={setLooked} onOpen={onOpen} />
        </div>
        <span />
        <Days bars={bars} most={narrow ? 4 : 10} />
      </div>
      <Legend
        consumption={consumption}
        bars={bar ? [bar] : bars}
        colours={colours}
        amount={amount}
        currency={measure === 'cost' ? currency : undefined}
        title={bar ? barLabel(bar, language, t('consumption.toDay')) : t('consumption.wholePeriod')}
      />
    </div>
  )
}

interface BarsProps {
  bars: readonly Bar[]
  top: number
  colours: ReadonlyMap<string, number>
  amount: (parts: readonly BarPart[]) => string
  looked: number | undefined
  onLook: (index: number | undefined) => void
  onOpen: (days: { from: string; to: string }) => void
}

/** One stop for Tab; arrows go from bar to bar, Enter opens the day. */
function Bars({ bars, top, colours, amount, looked, onLook, onOpen }: BarsProps) {
  const { t, language, rightToLeft } = useText()
  const stop = Math.min(looked ?? bars.length - 1, bars.length - 1)
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, index: number) => {
    const forward = rightToLeft ? 'ArrowLeft' : 'ArrowRight'
    const backward = rightToLeft ? 'ArrowRight' : 'ArrowLeft'
    const moves: Record<string, number> = { [forward]: index + 1, [backward]: index - 1, Home: 0, End: bars.length - 1 }
    const next = moves[event.key]
    if (next === undefined) return
    event.preventDefault()
    event.currentTarget.parentElement?.querySelectorAll('button')[Math.max(0, Math.min(bars.length - 1, next))]?.focus()
  }
  return (
    <div role="group" aria-label={t('consumption.bars')} className="absolute inset-0 flex items-stretch">
      {bars.map((bar, index) => (
        <button
          key={bar.from}
          type="button"
          tabIndex={index === stop ? 0 : -1}
          aria-label={describe(bar)}
          onFocus={() => onLook(index)}
          onBlur={() => onLook(undefined)}
          onMouseEnter={() => onLook(index)}
          onMouseLeave={() => onLook(undefined)}
          onKeyDown={(event) => onKeyDown(event, index)}
          onClick={() => onOpen(bar)}
          className="relative flex h-full min-w-0 flex-1 flex-col-reverse items-center hover:bg-sunken focus-visible:-outline-offset-2"
        >
          {bar.parts.map(({ key, value }) => (
            <span
              key={key ?? 'others'}
              aria-hidden
              className={cx('min-h-px w-[84%] border-t border-surface last:rounded-t-[2px]', chartColour(colourOf(key, colours)))}
              style={{ height: `${(value / top) * 100}%` }}
            />
          ))}
          {bar.unknown > 0 && (
            <span aria-hidden className="text-center text-small text-ink-2">
              ?
            </span>
          )}
        </button>
      ))}
    </div>
  )

  function describe(bar: Bar): string {
    const unknown = bar.unknown > 0 ? ` ${t('consumption.plusUnknown', { count: bar.unknown })}` : ''
    return `${barLabel(bar, language, t('consumption.toDay'))}: ${amount(bar.parts)}${unknown}`
  }
}

const colourOf = (key: string | null, colours: ReadonlyMap<string, number>): number =>
  key === null ? (colours.size === 0 ? 1 : 8) : (colours.get(key) ?? 8)

/** Dates under some of the bars. */
function Days({ bars, most }: { bars: readonly Bar[]; most: number }) {
  const { language } = useText()
  const every = Math.max(1, Math.ceil(bars.length / most))
  return (
    <div aria-hidden className="flex h-5 pt-1 text-small text-ink-2">
      {bars.map(({ from }, index) => (
        <span key={from} className="relative min-w-0 flex-1">
          {index % every === 0 && (index + every / 2 < bars.length || bars.length <= most) && (
            <span className="absolute inset-s-0 whitespace-nowrap">{shortDay(from, language)}</span>
          )}
        </span>
      ))}
    </div>
  )
}

interface LegendProps {
  consumption: Consumption
  bars: readonly Bar[]
  colours: ReadonlyMap<string, number>
  amount: (parts: readonly BarPart[]) => string
  title: string
  /** Set where money is drawn. */
  currency: string | undefined
}

/** What each colour is and comes to: over the period, or in the bar that is looked at. */
function Legend({ consumption, bars, colours, amount, title, currency }: LegendProps) {
  const { t } = useText()
  const label = useLabels()
  const parts = bars.flatMap((bar) => bar.parts)
  const unknown = bars.reduce((sum, bar) => sum + bar.unknown, 0)
  const { series, by, groups } = consumption
  // What has no cost in this currency is not free of charge: it is left out.
  const drawn = new Set(
    groups
      .filter(({ figures }) => currency === undefined || figures.cost.some((money) => money.currency === currency))
      .map(({ key }) => key),
  )
  const lines: { key: string | null; label: string }[] =
    series.length === 0
      ? [{ key: null, label: t('consumption.allCalls') }]
      : [
          ...series.filter(({ key }) => drawn.has(key)).map((one) => ({ key: one.key, label: label(by, one) })),
          ...(groups.length > series.length ? [{ key: null, label: t('consumption.allOthers') }] : []),
        ]
  return (
    <div className="flex min-w-0 flex-col gap-1 text-table lg:w-64 lg:shrink-0">
      <p className="font-medium">{title}</p>
      <ul className="flex flex-col gap-0.5">
        {lines.map((line) => (
          <li key={line.key ?? 'others'} className="flex items-center gap-2">
            <Swatch colour={colourOf(line.key, colours)} />
            <span className="min-w-0 flex-1 truncate" title={line.label}>
              {line.label}
            </span>
            <span className="tabular whitespace-nowrap">{amount(parts.filter(({ key }) => key === line.key))}</span>
          </li>
        ))}
      </ul>
      {unknown > 0 && (
        <p className="text-ink-2">
          <span aria-hidden className="me-2 inline-block w-3 text-center">
            ?
          </span>
          {t('consumption.plusUnknown', { count: unknown })}
        </p>
      )}
    </div>
  )
}

const barLabel = ({ from, to }: Bar, language: string, until: string): string =>
  from === to ? dayLabel(from, language) : `${shortDay(from, language)} ${until} ${dayLabel(to, language)}`

const compact = (count: number, language: string): string =>
  new Intl.NumberFormat(language, { notation: 'compact', numberingSystem: 'latn', maximumFractionDigits: 1 }).format(count)
