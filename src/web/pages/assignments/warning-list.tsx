import { TriangleAlert } from 'lucide-react'
import type { AssignmentWarning } from '../../../contract/assignments.ts'
import { type Translate, useText } from '../../messages/text.tsx'
import { formatDay } from '../../support/times.ts'

/** What a run would find out otherwise: each with the place of the candidate it is about. */
export function WarningList({ warnings }: { warnings: readonly AssignmentWarning[] }) {
  const { t, language } = useText()
  const list = new Intl.ListFormat(language, { type: 'conjunction' })
  if (warnings.length === 0) return null
  return (
    <ul className="mt-2 flex flex-col gap-1">
      {warnings.map(({ code, position, shutdown, abilities = [] }) => (
        <li key={`${code} ${position}`} className="flex items-start gap-1.5 text-table text-attention">
          <TriangleAlert aria-hidden className="mt-px size-4 shrink-0" />
          <span>
            {position !== null && `${t('assignments.candidate', { number: position + 1 })}: `}
            {shutdown
              ? shutdownText(shutdown, { t, language })
              : t(`assignments.warnings.${code}`, { abilities: list.format(abilities.map((ability) => t(`tested.abilities.${ability}`))) })}
          </span>
        </li>
      ))}
    </ul>
  )
}

function shutdownText(
  { date: day, successor }: NonNullable<AssignmentWarning['shutdown']>,
  { t, language }: { t: Translate; language: string },
): string {
  const date = formatDay(`${day}T12:00:00Z`, language)
  if (Date.parse(day) <= Date.now()) return t('assignments.shutdownPast', { date })
  return successor === null ? t('assignments.warnings.model_shutdown', { date }) : t('assignments.shutdownFor', { date, successor })
}
