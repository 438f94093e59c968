import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { keep, kept } from '../support/kept.ts'
import { english } from './english.ts'

/** The languages of the page, each by its own name. */
export const LANGUAGES = { en: 'English', fr: 'Français', ar: 'العربية' } as const
export type Language = keyof typeof LANGUAGES

const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<{ messages: Record<string, object> }>> = {
  fr: () => import('./fr.ts'),
  ar: () => import('./ar.ts'),
}

const isLanguage = (text: string): text is Language => Object.hasOwn(LANGUAGES, text)

/** What the person chose, else the first language of their browser that we speak, else English. */
function wantedLanguage(): Language {
  const chosen = kept('language')
  if (chosen && isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.split('-')[0]!.toLowerCase()).find(isLanguage) ?? 'en'
}

/** "fr" for the file "./shell.fr.json" in the area "shell". */
const byArea = (files: Record<string, object>) =>
  Object.fromEntries(Object.entries(files).map(([file, texts]) => [/([\w-]+)\.\w+\.json$/.exec(file)![1]!, texts]))

async function load(language: Language): Promise<void> {
  if (language === 'en' || i18next.hasResourceBundle(language, 'translation')) return
  const { messages } = await LOADERS[language]()
  i18next.addResourceBundle(language, 'translation', byArea(messages))
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
    resources: { en: { translation: english } },
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
