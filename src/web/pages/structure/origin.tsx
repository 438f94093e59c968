import { Sparkles } from 'lucide-react'
import type { StructureOrigin } from '../../../contract/structure.ts'
import { Badge } from '../../components/badge.tsx'
import { useText } from '../../messages/text.tsx'

export interface WithOrigin {
  readonly origin: StructureOrigin
  readonly corrected: readonly string[]
}

/** Who said so: nobody (it was inferred), a file, a person; or that someone here said otherwise. */
export function OriginOf({ item: { origin, corrected } }: { item: WithOrigin }) {
  const { t } = useText()
  if (origin !== 'person' && corrected.length > 0) return <Badge meaning="information">{t('structure.corrected')}</Badge>
  if (origin === 'inferred') return <Badge icon={<Sparkles aria-hidden className="size-3.5" />}>{t('structure.origins.inferred')}</Badge>
  return <span className="text-ink-2">{t(`structure.origins.${origin}`)}</span>
}
