import { X } from 'lucide-react'
import { useId, useState } from 'react'
import { Button, IconButton } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'

export interface NameListProps {
  label: string
  /** The button's words: "Add the family". */
  add: string
  names: readonly string[]
  /** What the catalogue has now, offered while typing; others may be named too. */
  known: readonly string[]
  disabled: boolean
  onChange: (names: string[]) => void
}

/** Some names of the catalogue: families, attributes. */
export function NameList({ label, add, names, known, disabled, onChange }: NameListProps) {
  const { t } = useText()
  const id = useId()
  const [name, setName] = useState('')
  const take = () => {
    const trimmed = name.trim()
    if (trimmed !== '' && !names.includes(trimmed)) onChange([...names, trimmed])
    setName('')
  }
  return (
    <div className="flex flex-col gap-2">
      <p className="font-medium">{label}</p>
      {names.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {names.map((one) => (
            <li key={one} className="inline-flex items-center gap-1 rounded-md border border-line bg-surface ps-2">
              <bdi>{one}</bdi>
              {!disabled && (
                <IconButton
                  small
                  label={t('assignments.rules.takeOut', { name: one })}
                  icon={<X aria-hidden className="size-3.5" />}
                  onClick={() => onChange(names.filter((other) => other !== one))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {!disabled && (
        <div className="flex max-w-md items-end gap-2">
          <div className="flex-1">
            <TextInput
              label={add}
              hideLabel
              placeholder={add}
              list={id}
              value={name}
              onValueChange={setName}
              error={names.length === 0 && name === '' ? t('assignments.rules.nameOne') : undefined}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                take()
              }}
            />
          </div>
          <datalist id={id}>
            {known
              .filter((one) => !names.includes(one))
              .map((one) => (
                <option key={one} value={one} />
              ))}
          </datalist>
          <Button onClick={take} disabled={name.trim() === ''}>
            {t('assignments.rules.addName')}
          </Button>
        </div>
      )}
    </div>
  )
}
