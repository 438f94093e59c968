import { useState } from 'react'
import type { ColumnMapping } from '../../../contract/mapping.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'

const ROLES = ['attribute', 'identifier', 'parent', 'family', 'categories', 'image', 'option', 'unit', 'kept'] as const
const LOCALE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/
const CHANNEL = /^[A-Za-z0-9_.-]{1,100}$/
const CURRENCY = /^[A-Z]{3}$/

type Part = 'attribute' | 'locale' | 'channel' | 'currency' | 'unit'

/** What one column means, to be changed. A part that is left empty is none. */
export function ColumnEditor({
  column,
  onChange,
  onDone,
}: {
  column: ColumnMapping
  onChange: (column: ColumnMapping) => void
  onDone: () => void
}) {
  const { t } = useText()
  const [draft, setDraft] = useState<Record<Part, string>>({
    attribute: column.attribute ?? '',
    locale: column.locale ?? '',
    channel: column.channel ?? '',
    currency: column.currency ?? '',
    unit: column.unit ?? '',
  })
  const [role, setRole] = useState(column.role)
  const [ofVariant, setOfVariant] = useState(column.level === 'variant')
  const fits = (part: Part, pattern: RegExp): boolean => draft[part].trim() === '' || pattern.test(draft[part].trim())
  const wrong = { locale: !fits('locale', LOCALE), channel: !fits('channel', CHANNEL), currency: !fits('currency', CURRENCY) }
  const input = (part: Part, error?: string) => (
    <TextInput
      label={t(`mapping.parts.${part}`)}
      value={draft[part]}
      maxLength={part === 'attribute' ? 500 : 50}
      placeholder={part === 'attribute' ? (column.member ?? column.column) : ''}
      {...(error === undefined ? {} : { error })}
      onChange={(event) => {
        const { value } = event.currentTarget
        setDraft((before) => ({ ...before, [part]: value }))
      }}
    />
  )
  const save = () => {
    const parts = Object.entries(draft).flatMap(([part, text]) => (text.trim() === '' ? [] : [[part, text.trim()] as const]))
    const { member, level } = column
    onChange({
      column: column.column,
      ...(member === undefined ? {} : { member }),
      role,
      ...(role === 'kept' ? {} : Object.fromEntries(parts)),
      ...(ofVariant ? { level: 'variant' as const } : level === 'product' ? { level } : {}),
    })
    onDone()
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <Select
          label={t('mapping.role')}
          value={role}
          onChange={setRole}
          options={ROLES.map((value) => ({ value, label: t(`mapping.roles.${value}`) }))}
        />
        {role !== 'kept' && (
          <>
            {input('attribute')}
            {input('locale', wrong.locale ? t('mapping.wrong.locale') : undefined)}
            {input('channel', wrong.channel ? t('mapping.wrong.channel') : undefined)}
            {input('currency', wrong.currency ? t('mapping.wrong.currency') : undefined)}
            {role !== 'unit' && input('unit')}
          </>
        )}
      </div>
      {role !== 'kept' && <Checkbox label={t('mapping.ownOfVariant')} checked={ofVariant} onChange={setOfVariant} />}
      <div className="flex gap-2">
        <Button small kind="main" disabled={wrong.locale || wrong.channel || wrong.currency} onClick={save}>
          {t('mapping.done')}
        </Button>
        <Button small kind="quiet" onClick={onDone}>
          {t('common.cancel')}
        </Button>
      </div>
    </div>
  )
}
