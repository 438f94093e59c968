import { useState } from 'react'
import { makeWorkspace } from '../../contract/people.ts'
import { callApi } from '../api/call.ts'
import { toApiProblem, type ApiProblem } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { ErrorNote } from '../components/error-state.tsx'
import { TextInput } from '../components/field.tsx'
import { useText } from '../messages/text.tsx'
import { useSession } from '../support/session.ts'
import { OuterPage } from './outer-page.tsx'

/** Signed in, in no workspace: taken out of the last one, or never in one. */
export function Nowhere() {
  const { t } = useText()
  const { enter, signOut } = useSession()
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<ApiProblem>()
  const [busy, setBusy] = useState(false)
  const make = async () => {
    setBusy(true)
    try {
      await enter(await callApi(makeWorkspace, { body: { name } }))
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <OuterPage title={t('people.nowhere.title')} sentence={t('people.nowhere.sentence')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <TextInput label={t('people.workspaceName')} value={name} onValueChange={setName} required maxLength={100} />
        {problem && <ErrorNote problem={problem} />}
        <Button type="submit" kind="main" busy={busy}>
          {t('people.nowhere.make')}
        </Button>
        <Button kind="quiet" onClick={() => void signOut()}>
          {t('shell.signOut')}
        </Button>
      </form>
    </OuterPage>
  )
}
