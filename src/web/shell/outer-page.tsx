import { useEffect, type ReactNode } from 'react'
import { Button } from '../components/button.tsx'
import { Menu, MenuChoice } from '../components/menu.tsx'
import { chooseLanguage, LANGUAGES } from '../messages/language.ts'
import { useText } from '../messages/text.tsx'
import { languageOptions } from './person-menu.tsx'
import { Logo } from './logo.tsx'

/** A page outside the shell: signing in, claiming, joining. One narrow column, and the language to choose. */
export function OuterPage({ title, sentence, children }: { title: string; sentence?: ReactNode; children: ReactNode }) {
  const { t, language } = useText()
  useEffect(() => {
    document.title = `${title} · Latchkey`
  }, [title])
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-between px-4 py-3 md:px-6">
        <Logo />
        <Menu
          trigger={
            <Button kind="quiet" aria-label={t('people.languageNow', { language: LANGUAGES[language] })}>
              {LANGUAGES[language]}
            </Button>
          }
        >
          <MenuChoice
            label={t('people.language')}
            value={language}
            options={languageOptions}
            onChange={(next) => void chooseLanguage(next)}
          />
        </Menu>
      </header>
      <main className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center px-4 pt-4 pb-24">
        <h1 className="text-title font-semibold">{title}</h1>
        {sentence !== undefined && <p className="mt-1 text-ink-2">{sentence}</p>}
        <div className="mt-6">{children}</div>
      </main>
    </div>
  )
}
