import { useSearch } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { readMe, readServer, signIn, verifySecondFactor } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Note } from '../../components/badge.tsx'
import { SecretInput, TextInput } from '../../components/field.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { OuterPage } from '../../shell/outer-page.tsx'
import { useSession } from '../../support/session.ts'
import { EmailInput, PersonForm, useForm } from './person-form.tsx'

/** Signing in: e-mail and password, then the second factor where there is one. Goes back to where the person came from. */
export function SignInPage() {
  const { t } = useText()
  const { back } = useSearch({ from: '/sign-in' })
  const { enter } = useSession()
  const [step, setStep] = useState<'password' | 'second'>('password')
  const { data: server } = useQuery(queryOf(readServer))
  const finish = async () => enter(await callApi(readMe), back)
  if (step === 'second') return <SecondFactor onDone={finish} onBack={() => setStep('password')} />
  return (
    <OuterPage title={t('people.signIn.title')}>
      {server?.claimed === false && (
        <div className="mb-4">
          <Note meaning="information">{t('people.signIn.unclaimed')}</Note>
        </div>
      )}
      <Password onSecondFactor={() => setStep('second')} onDone={finish} />
      <p className="mt-6 text-table text-ink-2">
        <Text of="people.signIn.forgotten" parts={{ code: <code dir="ltr" className="font-mono" /> }} />
      </p>
    </OuterPage>
  )
}

function Password({ onSecondFactor, onDone }: { onSecondFactor: () => void; onDone: () => Promise<void> }) {
  const { t } = useText()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm(async () => {
    const { secondFactor } = await callApi(signIn, { body: { email, password } })
    if (secondFactor) onSecondFactor()
    else await onDone()
  })
  return (
    <PersonForm form={form} action={t('people.signIn.action')}>
      <EmailInput autoFocus value={email} onValueChange={setEmail} error={form.problem?.issue('email')} />
      <SecretInput
        label={t('people.password')}
        name="password"
        autoComplete="current-password"
        required
        dir="ltr"
        value={password}
        onValueChange={setPassword}
        error={form.problem?.issue('password')}
      />
    </PersonForm>
  )
}

function SecondFactor({ onDone, onBack }: { onDone: () => Promise<void>; onBack: () => void }) {
  const { t } = useText()
  const [recovery, setRecovery] = useState(false)
  const [code, setCode] = useState('')
  const form = useForm(async () => {
    await callApi(verifySecondFactor, { body: recovery ? { recoveryCode: code } : { code } })
    await onDone()
  })
  return (
    <OuterPage title={t('people.second.title')} sentence={recovery ? t('people.second.recoverySentence') : t('people.second.sentence')}>
      <PersonForm form={form} action={t('people.second.action')}>
        <TextInput
          key={String(recovery)}
          label={recovery ? t('people.second.recoveryCode') : t('people.second.code')}
          name="code"
          autoComplete="one-time-code"
          inputMode={recovery ? 'text' : 'numeric'}
          required
          autoFocus
          mono
          dir="ltr"
          value={code}
          onValueChange={setCode}
          error={form.problem?.issue('code') ?? form.problem?.issue('recoveryCode')}
        />
      </PersonForm>
      <div className="mt-4 flex flex-col gap-2">
        <Button
          kind="quiet"
          onClick={() => {
            setCode('')
            setRecovery(!recovery)
          }}
        >
          {recovery ? t('people.second.useCode') : t('people.second.useRecovery')}
        </Button>
        <Button kind="quiet" onClick={onBack}>
          {t('people.second.back')}
        </Button>
      </div>
    </OuterPage>
  )
}
