import { useNavigate } from '@tanstack/react-router'
import { CircleUserRound, Keyboard, LogOut } from 'lucide-react'
import { IconButton } from '../components/button.tsx'
import { Menu, MenuChoice, MenuItem, MenuLine } from '../components/menu.tsx'
import { sayProblem } from '../components/toast.tsx'
import { chooseLanguage, LANGUAGES, type Language } from '../messages/language.ts'
import { useText } from '../messages/text.tsx'
import { useMe } from '../support/me.ts'
import { useSession } from '../support/session.ts'
import { chooseTheme, THEMES, useTheme } from '../support/theme.ts'

export const languageOptions = Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as Language, label }))

/** Account, language, theme, sign out. */
export function PersonMenu() {
  const { t, language } = useText()
  const { user, role } = useMe()
  const theme = useTheme()
  const navigate = useNavigate()
  const { signOut } = useSession()
  return (
    <Menu trigger={<IconButton label={t('shell.person')} icon={<CircleUserRound aria-hidden className="size-5" />} />}>
      <div className="px-3 pt-1 pb-2">
        <div className="truncate font-medium">{user.name}</div>
        <div className="truncate text-table text-ink-2">{user.email}</div>
        <div className="text-table text-ink-2">{t(`people.roles.${role}`)}</div>
      </div>
      <MenuLine />
      <MenuItem icon={<CircleUserRound aria-hidden className="size-4" />} onSelect={() => void navigate({ to: '/account' })}>
        {t('shell.account')}
      </MenuItem>
      <MenuItem
        icon={<Keyboard aria-hidden className="size-4" />}
        onSelect={() => setTimeout(() => document.dispatchEvent(new KeyboardEvent('keydown', { key: '?' })), 150)}
      >
        {t('common.showKeys')}
      </MenuItem>
      <MenuLine />
      <MenuChoice
        label={t('people.theme')}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`people.themes.${value}`) }))}
        onChange={chooseTheme}
      />
      <MenuLine />
      <MenuChoice label={t('people.language')} value={language} options={languageOptions} onChange={(next) => void chooseLanguage(next)} />
      <MenuLine />
      <MenuItem
        icon={<LogOut aria-hidden className="size-4" />}
        onSelect={() => void signOut().catch((error: unknown) => sayProblem(error, t))}
      >
        {t('shell.signOut')}
      </MenuItem>
    </Menu>
  )
}
