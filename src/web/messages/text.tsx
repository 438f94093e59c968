import type { ReactElement } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { english } from './english.ts'
import type { Language } from './language.ts'

type Plural = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other'
type Stem<Key extends string> = Key extends `${infer Text}_${Plural}` ? Text : Key
type KeysOf<Tree, Path extends string = ''> = {
  [Key in keyof Tree & string]: Tree[Key] extends string ? `${Path}${Stem<Key>}` : KeysOf<Tree[Key], `${Path}${Key}.`>
}[keyof Tree & string]

/** "area.key" of every text there is; a text with plural forms by its stem, and wants `count`. */
export type TextKey = KeysOf<typeof english>
export type TextValues = Readonly<Record<string, string | number>>
/** A text in the person's language. Numbers in texts are written `{{count, number}}`. */
export type Translate = (key: TextKey, values?: TextValues) => string

/** The texts of the page. `language` is for Intl: "en", "fr", "ar". */
export function useText(): { t: Translate; language: Language; rightToLeft: boolean } {
  const { t, i18n } = useTranslation()
  const language = i18n.language as Language
  return { t: t as unknown as Translate, language, rightToLeft: language === 'ar' }
}

/** A text with marks inside: `<code>sk-…</code>` in the message becomes the element given as `parts.code`. */
export function Text({ of, values, parts }: { of: TextKey; values?: TextValues; parts: Readonly<Record<string, ReactElement>> }) {
  const { t } = useTranslation()
  const key: string = of
  return <Trans t={t} i18nKey={key} {...(values ? { values } : {})} components={parts} />
}
