import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { claimServer, readServer } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { buttonClass } from '../../components/button.tsx'
import { TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { OuterPage } from '../../shell/outer-page.tsx'
import { useSession } from '../../support/session.ts'
import { EmailInput, FirstPasswordInput, PersonForm, useForm } from './person-form.tsx'

/** The first person makes the server theirs, with the one-time link that it printed; its token stands behind "#", which is never sent. */
export function ClaimPage() {
  const { t } = useText()
  const { enter } = useSession()
  const { data: server } = useQuery(queryOf(readServer))
  const [token] = useState(() => location.hash.slice(1))
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [workspaceName, setWorkspaceName] = useState('')
  const form = useForm(async () => enter(await callApi(claimServer, { body: { token, email, password, workspaceName } })))
  if (server?.claimed) {
    return (
      <OuterPage title={t('people.claim.claimedTitle')} sentence={t('people.claim.claimedSentence')}>
        <Link to="/sign-in" className={buttonClass({ kind: 'main' })}>
          {t('people.signIn.action')}
        </Link>
      </OuterPage>
    )
  }
  if (token === '') {
    return (
      <OuterPage title={t('people.claim.title')}>
        <Note meaning="attention">{t('people.claim.noToken')}</Note>
      </OuterPage>
    )
  }
  return (
    <OuterPage title={t('people.claim.title')} sentence={t('people.claim.sentence')}>
      <PersonForm form={form} action={t('people.claim.action')}>
        <EmailInput autoFocus value={email} onValueChange={setEmail} error={form.problem?.issue('email')} />
        <FirstPasswordInput value={password} onValueChange={setPassword} error={form.problem?.issue('password')} />
        <TextInput
          label={t('people.workspaceName')}
          help={t('people.claim.workspaceHelp')}
          name="workspace"
          autoComplete="organization"
          required
          maxLength={100}
          value={workspaceName}
          onValueChange={setWorkspaceName}
          error={form.problem?.issue('workspaceName')}
        />
      </PersonForm>
    </OuterPage>
  )
}
