import type { ReactNode } from 'react'
import { EmptyState } from '../../components/page.tsx'
import { useText } from '../../messages/text.tsx'
import type { StructureList } from './search.ts'

/** A list of the structure that holds nothing yet: what it is for, and how something gets there. */
export function Nothing({ kind, icon }: { kind: StructureList; icon: ReactNode }) {
  const { t } = useText()
  return (
    <EmptyState icon={icon} title={t(`structure.empty.${kind}.title`)}>
      <p>{t(`structure.empty.${kind}.what`)}</p>
    </EmptyState>
  )
}
