import { X } from 'lucide-react'
import { useQuery } from '@tanstack/react-query'
import { type Consumption, GROUPINGS, type Grouping, type Period, PERIODS, readConsumption } from '../../../contract/consumption.ts'
import { queryOf } from '../../api/query.ts'
import { IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { useLabels } from './labels.ts'
import { askedOf, type ConsumptionSearch, FILTER_NAMES, type FilterName, FILTERS, type Measure, MEASURES } from './search.ts'

type Change = (change: Partial<ConsumptionSearch>) => void

/** Period, grouping and measure, and the filters that hold. */
export function Toolbar({ search, shown, onChange }: { search: ConsumptionSearch; shown: Consumption | undefined; onChange: Change }) {
  const { t } = useText()
  const isCustom = search.from !== undefined || search.to !== undefined
  const period: Period | 'custom' = isCustom ? 'custom' : (search.period ?? 'month')
  const choosePeriod = (next: Period | 'custom') =>
    next === 'custom'
      ? onChange({ period: undefined, from: shown?.from, to: shown?.to })
      : onChange({ period: next === 'month' ? undefined : next, from: undefined, to: undefined })
  return (
    <div className="mb-5 flex flex-col gap-3">
      <div className="grid grid-cols-2 gap-3 sm:flex sm:flex-wrap sm:items-end">
        <div className="sm:w-44">
          <Select
            label={t('consumption.period')}
            value={period}
            onChange={choosePeriod}
            options={[...PERIODS, 'custom' as const].map((value) => ({ value, label: t(`consumption.periods.${value}`) }))}
          />
        </div>
        {isCustom && (
          <>
            <DayInput
              label={t('consumption.from')}
              value={shown?.from ?? search.from}
              most={shown?.to}
              onChange={(from) => onChange({ from })}
            />
            <DayInput label={t('consumption.to')} value={shown?.to ?? search.to} least={shown?.from} onChange={(to) => onChange({ to })} />
          </>
        )}
        <div className="sm:w-44">
          <Select<Grouping>
            label={t('consumption.groupBy')}
            value={search.by ?? 'day'}
            onChange={(by) => onChange({ by: by === 'day' ? undefined : by, view: undefined })}
            options={GROUPINGS.map((value) => ({ value, label: t(`consumption.groupings.${value}`) }))}
          />
        </div>
        <div className="sm:w-36">
          <Select<Measure>
            label={t('consumption.measure')}
            value={search.show ?? 'cost'}
            onChange={(show) => onChange({ show: show === 'cost' ? undefined : show })}
            options={MEASURES.map((value) => ({ value, label: t(`consumption.measures.${value}`) }))}
          />
        </div>
        {shown && shown.total.cost.length > 1 && (search.show ?? 'cost') === 'cost' && (
          <div className="sm:w-28">
            <Select
              label={t('consumption.currency')}
              value={currencyOf(search, shown)}
              onChange={(currency) => onChange({ currency })}
              options={shown.total.cost.map(({ currency }) => ({ value: currency, label: currency }))}
            />
          </div>
        )}
      </div>
      <Filters search={search} onChange={onChange} />
    </div>
  )
}

/** The currency that is drawn: the chosen one, else the workspace's own, else whichever there is. Currencies are never added. */
export function currencyOf({ currency }: ConsumptionSearch, shown: Consumption): string {
  const there = shown.total.cost.map((money) => money.currency)
  return [currency, shown.currency].find((one) => one !== undefined && there.includes(one)) ?? there[0] ?? shown.currency
}

function DayInput(props: {
  label: string
  value: string | undefined
  least?: string | undefined
  most?: string | undefined
  onChange: (day: string) => void
}) {
  const { label, value, least, most, onChange } = props
  return (
    <div className="sm:w-40">
      <TextInput
        key={value}
        label={label}
        type="date"
        defaultValue={value}
        {...(least ? { min: least } : {})}
        {...(most ? { max: most } : {})}
        onBlur={(event) => event.currentTarget.value !== '' && event.currentTarget.value !== value && onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
    </div>
  )
}

function Filters({ search, onChange }: { search: ConsumptionSearch; onChange: Change }) {
  const { t } = useText()
  const names = FILTER_NAMES.filter((name) => search[name] !== undefined)
  if (names.length === 0) return null
  return (
    <ul aria-label={t('consumption.filters')} className="flex flex-wrap gap-2">
      {names.map((name) => (
        <FilterChip key={name} name={name} value={search[name]!} search={search} onRemove={() => onChange({ [name]: undefined })} />
      ))}
    </ul>
  )
}

/** The name of what is filtered by comes from the same route, so that it is there after a reload too. */
function FilterChip({
  name,
  value,
  search,
  onRemove,
}: {
  name: FilterName
  value: string
  search: ConsumptionSearch
  onRemove: () => void
}) {
  const { t } = useText()
  const label = useLabels()
  const by = FILTERS[name]
  const { period, from, to } = askedOf(search)
  const query = { ...(period ? { period } : {}), ...(from ? { from } : {}), ...(to ? { to } : {}), by, [name]: value }
  const named = useQuery(queryOf(readConsumption, { query })).data?.groups[0]
  return <Chip label={t(`consumption.groupings.${by}`)} value={label(by, named ?? { key: value, name: null })} onRemove={onRemove} />
}

/** A filter that holds, with a button that lifts it. */
export function Chip({ label, value, onRemove }: { label: string; value: string; onRemove: () => void }) {
  const { t } = useText()
  return (
    <li className="flex max-w-full items-center gap-1.5 rounded-md border border-line bg-surface ps-2 text-table">
      <span className="text-ink-2">{label}</span>
      <span className="min-w-0 truncate font-medium">{value}</span>
      <IconButton
        small
        label={t('consumption.removeFilter', { filter: `${label}: ${value}` })}
        icon={<X aria-hidden className="size-3.5" />}
        onClick={onRemove}
      />
    </li>
  )
}
