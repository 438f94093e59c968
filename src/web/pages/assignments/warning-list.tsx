import { TriangleAlert } from 'lucide-react'
import type { AssignmentWarning } from '../../../contract/assignments.ts'
import { useText } from '../../messages/text.tsx'

/** What a run would find out otherwise: each with the place of the candidate it is about. */
export function WarningList({ warnings }: { warnings: readonly AssignmentWarning[] }) {
  const { t } = useText()
  if (warnings.length === 0) return null
  return (
    <ul className="mt-2 flex flex-col gap-1">
      {warnings.map(({ code, position }) => (
        <li key={`${code} ${position}`} className="flex items-start gap-1.5 text-table text-attention">
          <TriangleAlert aria-hidden className="mt-px size-4 shrink-0" />
          <span>
            {position !== null && `${t('assignments.candidate', { number: position + 1 })}: `}
            {t(`assignments.warnings.${code}`)}
          </span>
        </li>
      ))}
    </ul>
  )
}
