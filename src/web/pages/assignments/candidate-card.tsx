import { ArrowDown, ArrowUp, GripVertical, Trash2 } from 'lucide-react'
import { useState, type DragEvent, type KeyboardEvent } from 'react'
import type { ConnectionView } from '../../../contract/connections.ts'
import { Badge } from '../../components/badge.tsx'
import { IconButton } from '../../components/button.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import type { CandidateDraft } from './draft.ts'
import { FallbackChoice } from './fallback-choice.tsx'
import { ModelChoice } from './model-choice.tsx'
import { RulesEditor } from './rules-editor.tsx'

const DRAGGED = 'application/x-latchkey-candidate'

export interface CandidateCardProps {
  context: string
  draft: CandidateDraft
  index: number
  drafts: readonly CandidateDraft[]
  connections: readonly ConnectionView[]
  usable: readonly ConnectionView[]
  mayWrite: boolean
  onChange: (part: Partial<CandidateDraft>) => void
  onMove: (to: number) => void
  onDropOn: (from: number) => void
  onRemove: () => void
}

/** One candidate: who, with which model, for which records, and what happens when it fails. Moved by drag, by buttons, or Alt and an arrow. */
export function CandidateCard(props: CandidateCardProps) {
  const { context, draft, index, drafts, connections, usable, mayWrite, onChange, onMove, onDropOn, onRemove } = props
  const { t } = useText()
  const [over, setOver] = useState(false)
  const name = t('assignments.candidate', { number: index + 1 })
  const connection = connections.find(({ id }) => id === draft.connectionId)
  const next = drafts[index + 1]
  const isUsable = usable.some(({ id }) => id === draft.connectionId)
  const options = [
    ...(connection && !isUsable ? [{ value: connection.id, label: connection.label, disabled: true }] : []),
    ...usable.map(({ id, label, destination, practice }) => ({
      value: id,
      label,
      note: practice ? t('providers.practiceBadge') : <bdi dir="ltr">{destination.host}</bdi>,
    })),
  ]
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const from = Number(event.dataTransfer.getData(DRAGGED))
    if (Number.isInteger(from)) onDropOn(from)
  }
  const moveByKeys = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    onMove(event.key === 'ArrowUp' ? index - 1 : index + 1)
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is one more way beside the buttons and keys
    <li
      aria-label={name}
      className={cx('rounded-md border bg-surface', over ? 'border-brass' : 'border-line')}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className="flex items-center gap-2 border-b border-line px-3 py-1.5">
        {mayWrite && drafts.length > 1 && (
          <span
            draggable
            aria-hidden
            title={t('assignments.drag')}
            className="cursor-grab text-ink-3 max-md:hidden"
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAGGED, String(index))
              event.dataTransfer.effectAllowed = 'move'
            }}
          >
            <GripVertical className="size-4" />
          </span>
        )}
        <h3 className="flex-1 font-semibold">
          {index === 0 ? t('assignments.first') : name}
          {connection && !isUsable && (
            <span className="ms-2">
              <Badge meaning="failing">{t('assignments.stopped')}</Badge>
            </span>
          )}
        </h3>
        {mayWrite && (
          <div role="group" aria-label={t('assignments.actionsOf', { name })} className="flex gap-1">
            {drafts.length > 1 && (
              <>
                <IconButton
                  small
                  label={t('assignments.moveUp', { name })}
                  disabled={index === 0}
                  focusableWhenDisabled
                  icon={<ArrowUp aria-hidden className="size-4" />}
                  onClick={() => onMove(index - 1)}
                  onKeyDown={moveByKeys}
                />
                <IconButton
                  small
                  label={t('assignments.moveDown', { name })}
                  disabled={index === drafts.length - 1}
                  focusableWhenDisabled
                  icon={<ArrowDown aria-hidden className="size-4" />}
                  onClick={() => onMove(index + 1)}
                  onKeyDown={moveByKeys}
                />
              </>
            )}
            <IconButton
              small
              label={t('assignments.takeOut', { name })}
              icon={<Trash2 aria-hidden className="size-4" />}
              onClick={onRemove}
            />
          </div>
        )}
      </div>
      <div className="flex flex-col gap-4 p-3">
        <div className="grid gap-3 sm:grid-cols-2">
          <Select
            label={t('assignments.provider')}
            value={draft.connectionId}
            disabled={!mayWrite}
            placeholder={t('assignments.choose')}
            onChange={(connectionId) => onChange({ connectionId, model: '' })}
            options={options}
          />
          <ModelChoice
            key={draft.connectionId}
            context={context}
            connection={isUsable ? connection : undefined}
            value={draft.model}
            disabled={!mayWrite}
            onChange={(model) => onChange({ model })}
          />
        </div>
        <RulesEditor rules={draft.rules} isFirst={index === 0} mayWrite={mayWrite} onChange={(rules) => onChange({ rules })} />
        {next && !next.rules.flaggedByFirst && (
          <FallbackChoice
            value={draft.fallbackOn}
            disabled={!mayWrite}
            next={t('assignments.candidate', { number: index + 2 })}
            onChange={(fallbackOn) => onChange({ fallbackOn })}
          />
        )}
      </div>
    </li>
  )
}
