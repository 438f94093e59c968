import type { ProductValueView, ProductView } from '../../../contract/catalogue.ts'
import { Badge } from '../../components/badge.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { ProvenanceMark, type Provenance } from '../../components/provenance-mark.tsx'
import { useText } from '../../messages/text.tsx'

/** A product's values, in the order of its file: what each says, and where it came from. */
export function ProductValues({ product }: { product: ProductView }) {
  const { t } = useText()
  return (
    <dl aria-label={t('catalogue.product.values')} className="divide-y divide-line rounded-md border border-line bg-surface">
      {product.values.map((value) => (
        <div key={`${value.attribute} ${value.locale ?? ''}`} className="grid gap-x-4 gap-y-1 px-3 py-2 md:grid-cols-[12rem_1fr_auto]">
          <dt className="min-w-0 text-ink-2">
            {value.attribute}
            {value.locale !== null && <span className="ms-1.5 text-small text-ink-3">{value.locale}</span>}
          </dt>
          <dd className="min-w-0 whitespace-pre-wrap" dir="auto">
            {sayValue(value.value) ?? <span className="text-ink-3">{t('catalogue.product.empty')}</span>}
          </dd>
          <dd className="flex items-start gap-2">
            {value.proposals > 0 && (
              <Badge meaning={value.flagged > 0 ? 'attention' : 'information'}>
                {t('catalogue.proposals', { count: value.proposals })}
              </Badge>
            )}
            <ProvenanceMark kind={provenanceOf(value)}>
              <RelativeTime at={value.at} />
            </ProvenanceMark>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function provenanceOf({ kind, decision }: ProductValueView): Provenance {
  if (kind !== 'generated') return kind
  return decision === 'accepted by command' ? 'acceptedByCommand' : decision === 'accepted by rule' ? 'acceptedByRule' : 'generated'
}

/** A value as text; undefined: there is none. */
function sayValue(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) return value.join(', ')
  return JSON.stringify(value, null, 2)
}
