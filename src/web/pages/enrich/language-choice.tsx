import { Combobox } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'

const TAGS = [
  'en',
  'en-GB',
  'fr',
  'fr-CA',
  'de',
  'de-AT',
  'de-CH',
  'es',
  'es-MX',
  'it',
  'pt',
  'pt-BR',
  'nl',
  'sv',
  'da',
  'nb',
  'fi',
  'pl',
  'cs',
  'sk',
  'sl',
  'hr',
  'hu',
  'ro',
  'bg',
  'el',
  'et',
  'lv',
  'lt',
  'tr',
  'uk',
  'ru',
  'ar',
  'he',
  'fa',
  'ja',
  'ko',
  'zh',
  'zh-TW',
  'th',
  'vi',
  'id',
  'hi',
] // oxfmt-ignore-line

/** A language to write in, by its name in the person's own. */
export function LanguageChoice({
  label,
  value,
  onChange,
  placeholder,
  optional = false,
  error,
}: {
  label: string
  value: string
  onChange: (tag: string) => void
  placeholder?: string
  optional?: boolean
  error?: string | undefined
}) {
  const { language } = useText()
  const names = new Intl.DisplayNames([language], { type: 'language' })
  const nameOf = (tag: string): string => {
    try {
      return names.of(tag) ?? tag
    } catch {
      return tag
    }
  }
  const tags = value === '' || TAGS.includes(value) ? TAGS : [value, ...TAGS]
  return (
    <Combobox
      label={label}
      optional={optional}
      error={error}
      value={value === '' ? null : value}
      {...(placeholder ? { placeholder: nameOf(placeholder) } : {})}
      onChange={(tag) => onChange(tag ?? '')}
      options={tags.map((tag) => ({ value: tag, label: nameOf(tag), note: <span className="font-mono">{tag}</span> }))}
    />
  )
}
