import { useState } from 'react'
import { changeMe, changePassword, listSessions } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { invalidate, queryClient } from '../../api/query.ts'
import { RadioGroup } from '../../components/choice.tsx'
import { SecretInput, TextInput } from '../../components/field.tsx'
import { Card, Page, Section } from '../../components/page.tsx'
import { Select } from '../../components/select.tsx'
import { say } from '../../components/toast.tsx'
import { chooseLanguage } from '../../messages/language.ts'
import { useText } from '../../messages/text.tsx'
import { languageOptions } from '../../shell/person-menu.tsx'
import { meQuery, useMe } from '../../support/me.ts'
import { chooseTheme, THEMES, useTheme } from '../../support/theme.ts'
import { ApiTokens } from './api-tokens.tsx'
import { PersonForm, useForm } from './person-form.tsx'
import { Sessions } from './sessions.tsx'
import { TwoFactor } from './two-factor.tsx'

/** What belongs to the person, in whatever workspace they are. */
export function AccountPage() {
  const { t } = useText()
  const { user } = useMe()
  return (
    <Page title={t('people.account.title')} sentence={t('people.account.sentence', { email: user.email })}>
      <div className="max-w-3xl">
        <Section title={t('people.account.you')}>
          <Card>
            <div className="grid max-w-sm gap-6">
              <Name />
              <Looks />
            </div>
          </Card>
        </Section>
        <Section title={t('people.password')} sentence={t('people.account.passwordSentence')}>
          <Card>
            <div className="max-w-sm">
              <Password />
            </div>
          </Card>
        </Section>
        <TwoFactor />
        <Sessions />
        <ApiTokens />
      </div>
    </Page>
  )
}

function Name() {
  const { t } = useText()
  const { user } = useMe()
  const [name, setName] = useState(user.name)
  const form = useForm(async () => {
    queryClient.setQueryData(meQuery.queryKey, await callApi(changeMe, { body: { name } }))
    say(t('common.saved'))
  })
  return (
    <PersonForm form={form} action={t('people.account.saveName')} wide>
      <TextInput
        label={t('people.name')}
        help={t('people.account.nameHelp')}
        name="name"
        autoComplete="name"
        required
        maxLength={100}
        value={name}
        onValueChange={setName}
        error={form.problem?.issue('name')}
      />
    </PersonForm>
  )
}

function Looks() {
  const { t, language } = useText()
  const theme = useTheme()
  return (
    <>
      <Select label={t('people.language')} value={language} options={languageOptions} onChange={(next) => void chooseLanguage(next)} />
      <RadioGroup
        label={t('people.theme')}
        inline
        value={theme}
        onChange={chooseTheme}
        options={THEMES.map((value) => ({ value, label: t(`people.themes.${value}`) }))}
      />
    </>
  )
}

function Password() {
  const { t } = useText()
  const { user } = useMe()
  const [currentPassword, setCurrent] = useState('')
  const [newPassword, setNew] = useState('')
  const form = useForm(async () => {
    await callApi(changePassword, { body: { currentPassword, newPassword } })
    setCurrent('')
    setNew('')
    await invalidate(listSessions)
    say(t('people.account.passwordChanged'))
  })
  return (
    <PersonForm form={form} action={t('people.account.changePassword')} wide>
      <input type="hidden" autoComplete="username" value={user.email} />
      <SecretInput
        label={t('people.account.currentPassword')}
        name="current"
        autoComplete="current-password"
        required
        dir="ltr"
        value={currentPassword}
        onValueChange={setCurrent}
        error={form.problem?.issue('currentPassword')}
      />
      <SecretInput
        label={t('people.account.newPassword')}
        help={t('people.passwordHelp')}
        name="new"
        autoComplete="new-password"
        required
        minLength={12}
        dir="ltr"
        value={newPassword}
        onValueChange={setNew}
        error={form.problem?.issue('newPassword')}
      />
    </PersonForm>
  )
}
