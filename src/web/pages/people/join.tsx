import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { acceptInvitation, readInvitation } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { OuterPage } from '../../shell/outer-page.tsx'
import { useSession } from '../../support/session.ts'
import { EmailInput, FirstPasswordInput, PersonForm, useForm } from './person-form.tsx'

/** What an invitation link leads to: joining as who is signed in, or as someone new. */
export function JoinPage() {
  const { t } = useText()
  const { token } = useParams({ from: '/join/$token' })
  const { data: invitation, error, isPending } = useQuery({ ...queryOf(readInvitation, { body: { token } }), retry: false })
  if (isPending) {
    return (
      <OuterPage title={t('people.join.loading')}>
        <FieldsSkeleton fields={2} />
      </OuterPage>
    )
  }
  if (error) {
    return (
      <OuterPage title={t('people.join.gone')}>
        <ErrorState problem={toApiProblem(error)} />
      </OuterPage>
    )
  }
  const title = t('people.join.title', { workspace: invitation.workspaceName })
  const sentence = t(`people.join.as.${invitation.role}`)
  return (
    <OuterPage title={title} sentence={sentence}>
      {invitation.signedInAs === null ? <AsSomeoneNew token={token} /> : <AsOneself token={token} name={invitation.signedInAs} />}
    </OuterPage>
  )
}

function AsOneself({ token, name }: { token: string; name: string }) {
  const { t } = useText()
  const { enter } = useSession()
  const form = useForm(async () => enter(await callApi(acceptInvitation, { body: { token } })))
  return (
    <PersonForm form={form} action={t('people.join.action')}>
      <p>{t('people.join.signedInAs', { name })}</p>
    </PersonForm>
  )
}

function AsSomeoneNew({ token }: { token: string }) {
  const { t } = useText()
  const { enter } = useSession()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm(async () => enter(await callApi(acceptInvitation, { body: { token, person: { name, email, password } } })))
  return (
    <PersonForm form={form} action={t('people.join.action')}>
      <TextInput
        label={t('people.name')}
        name="name"
        autoComplete="name"
        required
        autoFocus
        maxLength={100}
        value={name}
        onValueChange={setName}
        error={form.problem?.issue('person.name')}
      />
      <EmailInput value={email} onValueChange={setEmail} error={form.problem?.issue('person.email')} />
      <FirstPasswordInput value={password} onValueChange={setPassword} error={form.problem?.issue('person.password')} />
      <p className="text-table text-ink-2">{t('people.join.haveAccount')}</p>
    </PersonForm>
  )
}
