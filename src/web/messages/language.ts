import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { keep, kept } from '../support/kept.ts'
import { messages as firstEnglish } from './first.en.ts'

/** The languages of the page, each by its own name. */
export const LANGUAGES = { en: 'English', fr: 'Français', ar: 'العربية' } as const
export type Language = keyof typeof LANGUAGES

type Texts = Readonly<Record<string, object>>

/** The first page's texts in each language, and all of them. */
const FIRST: Record<Language, () => Promise<Texts>> = {
  en: async () => firstEnglish,
  fr: async () => (await import('./first.fr.ts')).messages,
  ar: async () => (await import('./first.ar.ts')).messages,
}
const ALL: Record<Language, () => Promise<Texts>> = {
  en: async () => (await import('./english.ts')).english,
  fr: async () => byArea((await import('./fr.ts')).messages),
  ar: async () => byArea((await import('./ar.ts')).messages),
}

const isLanguage = (text: string): text is Language => Object.hasOwn(LANGUAGES, text)

/** What the person chose, else the first language of their browser that we speak, else English. */
function wantedLanguage(): Language {
  const chosen = kept('language')
  if (chosen && isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.split('-')[0]!.toLowerCase()).find(isLanguage) ?? 'en'
}

/** "shell" for the file "./shell.fr.json". */
const byArea = (files: Texts): Texts =>
  Object.fromEntries(Object.entries(files).map(([file, texts]) => [/([\w-]+)\.\w+\.json$/.exec(file)![1]!, texts]))

let wantsAll = false

async function load(language: Language): Promise<void> {
  i18next.addResourceBundle(language, 'translation', await (wantsAll ? ALL : FIRST)[language]())
}

let all: Promise<void> | undefined

/** The texts of every page, English with them for what a language lacks; routes.tsx waits for them where a page needs more than the first. */
export function loadAllTexts(): Promise<void> {
  wantsAll = true
  all ??= Promise.all([...new Set(['en', i18next.language as Language])].map(async (language) => load(language as Language))).then(
    () => undefined,
    (error: unknown) => {
      all = undefined // tried again by the next page
      throw error
    },
  )
  return all
}

function applyToDocument(language: Language): void {
  document.documentElement.lang = language
  document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr'
}

/** Before the first render: texts in the language of the person. A language that cannot be loaded leaves English. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: firstEnglish } },
    interpolation: { escapeValue: false }, // React escapes
    returnEmptyString: false,
  })
  const wanted = wantedLanguage()
  try {
    await load(wanted)
    await i18next.changeLanguage(wanted)
    applyToDocument(wanted)
  } catch {
    applyToDocument('en')
  }
}

/** The person chooses: kept for this browser. */
export async function chooseLanguage(language: Language): Promise<void> {
  await load(language)
  await i18next.changeLanguage(language)
  keep('language', language)
  applyToDocument(language)
}
