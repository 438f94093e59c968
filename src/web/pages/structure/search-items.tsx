import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'

const TYPING_PAUSE_MS = 250

/** Searches codes and labels, when the person pauses. */
export function SearchItems({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const { t } = useText()
  const [text, setText] = useState(value)
  const listener = useRef(onChange)
  useEffect(() => {
    listener.current = onChange
  })
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === value) return
    const timer = setTimeout(() => listener.current(wanted), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <div className="w-64 max-md:w-full">
      <TextInput
        type="search"
        label={t('structure.filters.search')}
        placeholder={t('structure.filters.searchFor')}
        value={text}
        onValueChange={setText}
        end={<Search aria-hidden className="size-4" />}
      />
    </div>
  )
}
