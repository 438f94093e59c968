import { useState, type ReactNode } from 'react'
import { toApiProblem, type ApiProblem } from '../../api/problem.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { SecretInput, TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'

export interface FormState {
  readonly busy: boolean
  readonly problem: ApiProblem | undefined
  readonly send: () => Promise<void>
}

/** A form that is sent once at a time and keeps what went wrong. */
export function useForm(perform: () => Promise<void>): FormState {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const send = async () => {
    if (busy) return
    setBusy(true)
    setProblem(undefined)
    try {
      await perform()
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, send }
}

/** Fields, what went wrong, and the button that sends them. `wide`: the button at the start, as inside the shell. */
export function PersonForm({
  form,
  action,
  children,
  wide = false,
}: {
  form: FormState
  action: string
  children: ReactNode
  wide?: boolean
}) {
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        void form.send()
      }}
    >
      {children}
      {form.problem && <ErrorNote problem={form.problem} />}
      <div className={wide ? 'flex' : 'grid'}>
        <Button type="submit" kind="main" busy={form.busy}>
          {action}
        </Button>
      </div>
    </form>
  )
}

interface TypedField {
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly error: string | undefined
  readonly autoFocus?: boolean
}

/** The address that a person signs in with. */
export function EmailInput(field: TypedField) {
  const { t } = useText()
  return <TextInput label={t('people.email')} type="email" name="email" autoComplete="username" required dir="ltr" {...field} />
}

/** The password of someone who is new here. */
export function FirstPasswordInput(field: TypedField) {
  const { t } = useText()
  return (
    <SecretInput
      label={t('people.password')}
      help={t('people.passwordHelp')}
      name="password"
      autoComplete="new-password"
      required
      minLength={12}
      dir="ltr"
      {...field}
    />
  )
}
