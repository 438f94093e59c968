import type { productFacets } from '../../../contract/catalogue.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { usePlaceText } from '../structure/place-text.ts'

/** How products stand against the structure: complete or not in a channel and language, poor in quality, with values that do not fit. */
export function StandingFilter({
  value,
  facets: all,
  note,
  onChange,
}: {
  value: string | undefined
  facets: RouteAnswer<typeof productFacets> | undefined
  note: (count: number) => string | undefined
  onChange: (standing: string | undefined) => void
}) {
  const { t } = useText()
  const placeText = usePlaceText()
  const counted = (key: string, label: string, count: number) => ({ value: key, label, note: note(count), count })
  const facets = all?.standing
  const choices = facets
    ? [
        counted('unfit', t('structure.filter.unfit'), facets.unfit),
        ...facets.quality.map(({ below, count }) => counted(`below:${below}`, t('structure.filter.below', { score: below }), count)),
        ...facets.places.flatMap(({ place, complete, incomplete }) => [
          counted(`incomplete:${place}`, t('structure.filter.incomplete', { place: placeText(place) }), incomplete),
          counted(`complete:${place}`, t('structure.filter.complete', { place: placeText(place) }), complete),
        ]),
      ]
    : []
  const options = choices
    .filter(({ value: key, count }) => count > 0 || all?.atLeast || key === value)
    .map(({ count: _count, ...option }) => option)
  const known = value === undefined || options.some((option) => option.value === value)
  const [, attribute] = /^unfit:(.+)$/s.exec(value ?? '') ?? []
  const own = known ? [] : [{ value: value, label: attribute === undefined ? value : t('structure.filter.unfitOf', { attribute }) }]
  return (
    <Combobox
      label={t('structure.filter.title')}
      placeholder={t('structure.filter.any')}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      options={[...own, ...options]}
    />
  )
}
