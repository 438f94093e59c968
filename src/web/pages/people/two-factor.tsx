import { useState } from 'react'
import { confirmTwoFactor, renewRecoveryCodes, startTwoFactor, stopTwoFactor } from '../../../contract/people.ts'
import { callApi } from '../../api/call.ts'
import { queryClient } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SecretInput, TextInput } from '../../components/field.tsx'
import { Card, Section } from '../../components/page.tsx'
import { QrCode } from '../../components/qr-code.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { meQuery, useMe } from '../../support/me.ts'
import { PersonForm, useForm } from './person-form.tsx'

type Open = 'start' | 'stop' | 'renew' | undefined

const readMeAgain = () => queryClient.invalidateQueries({ queryKey: meQuery.queryKey })

/** The second factor: a code of an authenticator after the password, and recovery codes for the day it is lost. */
export function TwoFactor() {
  const { t } = useText()
  const { user } = useMe()
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  return (
    <Section title={t('people.two.title')} sentence={t('people.two.sentence')}>
      <Card>
        <div className="flex flex-wrap items-center justify-between gap-3">
          {user.twoFactor ? <Badge meaning="good">{t('people.two.on')}</Badge> : <Badge>{t('people.two.off')}</Badge>}
          <span className="flex flex-wrap gap-2">
            {user.twoFactor ? (
              <>
                <Button onClick={() => setOpen('renew')}>{t('people.two.renew')}</Button>
                <Button kind="dangerous" onClick={() => setOpen('stop')}>
                  {t('people.two.stop')}
                </Button>
              </>
            ) : (
              <Button onClick={() => setOpen('start')}>{t('people.two.start')}</Button>
            )}
          </span>
        </div>
      </Card>
      {open === 'start' && <StartDialog onClose={close} />}
      {open === 'stop' && <StopDialog onClose={close} />}
      {open === 'renew' && <RenewDialog onClose={close} />}
    </Section>
  )
}

function PasswordStep({ action, perform }: { action: string; perform: (password: string) => Promise<void> }) {
  const { t } = useText()
  const [password, setPassword] = useState('')
  const form = useForm(() => perform(password))
  return (
    <PersonForm form={form} action={action}>
      <SecretInput
        label={t('people.password')}
        name="password"
        autoComplete="current-password"
        required
        autoFocus
        dir="ltr"
        value={password}
        onValueChange={setPassword}
        error={form.problem?.issue('password')}
      />
    </PersonForm>
  )
}

function StartDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const [begun, setBegun] = useState<{ uri: string; recoveryCodes: string[] }>()
  const [code, setCode] = useState('')
  const [confirmed, setConfirmed] = useState(false)
  const form = useForm(async () => {
    await callApi(confirmTwoFactor, { body: { code } })
    await readMeAgain()
    setConfirmed(true)
  })
  if (begun && confirmed) return <CodesDialog codes={begun.recoveryCodes} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={t('people.two.start')} description={begun ? t('people.two.scan') : t('people.two.passwordFirst')}>
      {begun === undefined ? (
        <PasswordStep
          action={t('people.two.continue')}
          perform={async (password) => setBegun(await callApi(startTwoFactor, { body: { password } }))}
        />
      ) : (
        <div className="flex flex-col gap-4">
          <div className="flex justify-center">
            <QrCode text={begun.uri} label={t('people.two.qr')} />
          </div>
          <CopyField label={t('people.two.secret')} value={new URL(begun.uri).searchParams.get('secret') ?? begun.uri} />
          <PersonForm form={form} action={t('people.two.confirm')}>
            <TextInput
              label={t('people.second.code')}
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              required
              autoFocus
              mono
              dir="ltr"
              value={code}
              onValueChange={setCode}
              error={form.problem?.issue('code')}
            />
          </PersonForm>
        </div>
      )}
    </Dialog>
  )
}

/** Recovery codes are shown this once. */
function CodesDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const { t } = useText()
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('people.two.codesTitle')}
      actions={
        <Button kind="main" onClick={onClose}>
          {t('people.two.kept')}
        </Button>
      }
    >
      <div className="flex flex-col gap-3">
        <Note meaning="attention">{t('people.two.codesSentence')}</Note>
        <ul dir="ltr" aria-label={t('people.two.codesTitle')} className="grid grid-cols-2 gap-1 rounded-md bg-sunken p-3 font-mono">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <CopyField label={t('people.two.codesTitle')} value={codes.join(' ')} />
      </div>
    </Dialog>
  )
}

function RenewDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const [codes, setCodes] = useState<string[]>()
  if (codes) return <CodesDialog codes={codes} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={t('people.two.renew')} description={t('people.two.renewSentence')}>
      <PasswordStep
        action={t('people.two.renew')}
        perform={async (password) => setCodes((await callApi(renewRecoveryCodes, { body: { password } })).recoveryCodes)}
      />
    </Dialog>
  )
}

function StopDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  return (
    <Dialog open onClose={onClose} title={t('people.two.stop')} description={t('people.two.stopSentence')}>
      <PasswordStep
        action={t('people.two.stop')}
        perform={async (password) => {
          await callApi(stopTwoFactor, { body: { password } })
          await readMeAgain()
          onClose()
          say(t('people.two.stopped'))
        }}
      />
    </Dialog>
  )
}
