import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import {
  addConnection,
  type CheckView,
  checkConnection,
  checkOfferedKey,
  type ConnectionView,
  KEY_IS_KNOWN,
  listConnections,
} from '../../../contract/connections.ts'
import { type ProviderView } from '../../../contract/providers.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { SecretInput, TextInput } from '../../components/field.tsx'
import { useText } from '../../messages/text.tsx'
import { CheckNote } from './check-result.tsx'
import { InView } from './in-view.tsx'
import { destinationOf, emptyDestination } from './connection-draft.ts'
import { ContextChoice } from './context-choice.tsx'
import { DestinationFields } from './destination-fields.tsx'
import { ProviderChoice } from './provider-choice.tsx'
import { useProviderName } from './provider-name.ts'
import { ProviderLinks } from './provider-links.tsx'

/** From choosing a provider to a connection that works: choose, paste, test, save, and on to assigning it. */
export function AddProvider({ providers, onClose }: { providers: readonly ProviderView[]; onClose: () => void }) {
  const { t } = useText()
  const [provider, setProvider] = useState<ProviderView>()
  const [saved, setSaved] = useState<ConnectionView>()
  if (saved) return <Saved connection={saved} onClose={onClose} />
  if (!provider) {
    return (
      <Dialog open wide onClose={onClose} title={t('providers.add')} description={t('providers.choose.sentence')}>
        <ProviderChoice providers={providers} onChoose={setProvider} onAdded={setSaved} />
      </Dialog>
    )
  }
  return <KeyStep key={provider.id} provider={provider} onBack={() => setProvider(undefined)} onClose={onClose} onSaved={setSaved} />
}

interface KeyStepProps {
  provider: ProviderView
  onBack: () => void
  onClose: () => void
  onSaved: (connection: ConnectionView) => void
}

function KeyStep({ provider, onBack, onClose, onSaved }: KeyStepProps) {
  const { t } = useText()
  const name = useProviderName()(provider)
  const [key, setKey] = useState('')
  const [label, setLabel] = useState('')
  const [destination, setDestination] = useState(() => emptyDestination(provider))
  const [contexts, setContexts] = useState<string[] | null>(null)
  const [check, setCheck] = useState<CheckView>()
  const keyField = useRef<HTMLInputElement>(null)
  const access = () => ({ provider: provider.id, destination: destinationOf(provider, destination), ...(key ? { key } : {}) })

  const test = useMutation({ mutationFn: () => callApi(checkOfferedKey, { body: access() }), onSuccess: setCheck })
  const save = useMutation({
    mutationFn: async ({ tested }: { tested: boolean }) => {
      if (tested) {
        const result = await callApi(checkOfferedKey, { body: access() })
        setCheck(result)
        if (!KEY_IS_KNOWN.has(result.result)) return undefined
      }
      const added = await callApi(addConnection, { body: { ...access(), label: label.trim() || name, contexts } })
      // What the sealed key comes to is kept with the connection; saving does not hang on it.
      await callApi(checkConnection, { params: { connectionId: added.id } }).catch(() => undefined)
      await invalidate(listConnections)
      return added
    },
    onSuccess: (added) => added && onSaved(added),
  })
  const failure = save.error ?? test.error
  const problem = failure ? toApiProblem(failure) : undefined
  const busy = save.isPending || test.isPending
  const unknownKey = check !== undefined && !KEY_IS_KNOWN.has(check.result)
  const noContexts = contexts?.length === 0
  const change = <Value,>(set: (value: Value) => void) => {
    return (value: Value) => {
      set(value)
      setCheck(undefined)
      test.reset()
      save.reset()
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      focus={keyField}
      title={t('providers.addOne', { provider: name })}
      description={provider.practice ? t('providers.practiceWhat') : t('providers.key.once')}
      actions={
        <>
          <Button onClick={onBack}>{t('providers.choose.another')}</Button>
          {!provider.practice && (
            <Button busy={test.isPending} disabled={save.isPending} onClick={() => test.mutate()}>
              {t('providers.check.action')}
            </Button>
          )}
          {unknownKey && (
            <Button busy={save.isPending} disabled={noContexts} onClick={() => save.mutate({ tested: false })}>
              {t('providers.saveAnyway')}
            </Button>
          )}
          <Button kind="main" type="submit" form="add-provider" busy={busy} disabled={noContexts}>
            {provider.practice ? t('providers.addPractice') : t('providers.testAndSave')}
          </Button>
        </>
      }
    >
      <form
        id="add-provider"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ tested: !provider.practice })
        }}
      >
        <div className="flex flex-col gap-1">
          <ProviderLinks provider={provider} only={['keys', 'usage', 'limits']} ours />
          {!provider.practice && <p className="text-table text-ink-2">{t(`providers.tried.${TRIED[provider.triedAgainst]}`)}</p>}
        </div>
        {provider.baseUrl === null && (
          <DestinationFields provider={provider} draft={destination} onChange={change(setDestination)} problem={problem} />
        )}
        {provider.key !== 'none' && (
          <SecretInput
            ref={keyField}
            label={t('providers.key.label')}
            help={provider.keyHint ? t('providers.key.looksLike', { hint: isolated(provider.keyHint) }) : t('providers.key.help')}
            optional={provider.key === 'optional'}
            required={provider.key === 'required'}
            mono
            dir="ltr"
            autoComplete="off"
            value={key}
            onValueChange={change(setKey)}
            error={problem?.issue('key') ?? (problem?.code.startsWith('key.') ? problem.detail : undefined)}
          />
        )}
        {check && (
          <InView>
            <CheckNote check={check} provider={provider} />
          </InView>
        )}
        <TextInput
          label={t('providers.label.label')}
          help={t('providers.label.help')}
          optional
          maxLength={80}
          placeholder={name}
          value={label}
          onValueChange={setLabel}
          error={problem?.issue('label')}
        />
        {provider.baseUrl !== null && (
          <DestinationFields provider={provider} draft={destination} onChange={change(setDestination)} problem={problem} />
        )}
        <details className="rounded-md border border-line px-3 py-2">
          <summary className="cursor-pointer font-medium coarse:min-h-11">{t('providers.contexts.limit')}</summary>
          <div className="mt-3 pb-1">
            <ContextChoice value={contexts} onChange={setContexts} />
          </div>
        </details>
        {problem && !problem.code.startsWith('key.') && (
          <InView>
            <ErrorNote problem={problem} />
          </InView>
        )}
      </form>
    </Dialog>
  )
}

/** A text of its own direction inside another: what keys look like is written from left to right in every language. */
const isolated = (text: string): string => `\u2068${text}\u2069`

/** Their names among the messages. */
const TRIED = { 'recorded answers': 'recorded', 'a mock of its documented interface': 'mock', 'never tried': 'never' } as const

function Saved({ connection, onClose }: { connection: ConnectionView; onClose: () => void }) {
  const { t } = useText()
  const { id, label } = connection
  const next = useRef<HTMLAnchorElement>(null)
  return (
    <Dialog
      open
      focus={next}
      onClose={onClose}
      title={t('providers.saved.title', { label })}
      actions={
        <>
          <Button onClick={onClose}>{t('providers.saved.later')}</Button>
          <Link
            to="/assignments/$context"
            params={{ context: 'enrichment' }}
            search={{ add: id }}
            className={buttonClass({ kind: 'main' })}
          >
            {t('providers.saved.assign')}
          </Link>
        </>
      }
    >
      <Note meaning="good">
        {t(connection.practice ? 'providers.saved.whatPractice' : connection.key === null ? 'local.saved' : 'providers.saved.what')}
      </Note>
      <p className="mt-3 text-ink-2">{t('providers.saved.next')}</p>
    </Dialog>
  )
}
