import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { type CheckView, type ConnectionView, listConnections, readConnection, replaceKey } from '../../../contract/connections.ts'
import { type ProviderView } from '../../../contract/providers.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { SecretInput } from '../../components/field.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { CheckNote } from './check-result.tsx'
import { type DestinationDraft, destinationOf, OTHER_ADDRESS } from './connection-draft.ts'
import { DestinationFields } from './destination-fields.tsx'
import { InView } from './in-view.tsx'
import { ProviderLinks } from './provider-links.tsx'

interface ReplaceKeyProps {
  connection: ConnectionView
  provider: ProviderView
  onClose: () => void
}

/** A new key, and with it another destination where the person wants one: tested before it takes over. */
export function ReplaceKey({ connection, provider, onClose }: ReplaceKeyProps) {
  const { t } = useText()
  const keyField = useRef<HTMLInputElement>(null)
  const [key, setKey] = useState('')
  const [moves, setMoves] = useState(false)
  const [destination, setDestination] = useState(() => draftOf(connection, provider))
  const [check, setCheck] = useState<CheckView>()
  const replace = useMutation({
    mutationFn: (whateverTheTest: boolean) =>
      callApi(replaceKey, {
        params: { connectionId: connection.id },
        body: { ...(key ? { key } : {}), ...(moves ? { destination: destinationOf(provider, destination) } : {}), whateverTheTest },
      }),
    onSuccess: async (answer) => {
      await invalidate(readConnection, listConnections)
      setCheck(answer.check)
      if (!answer.replaced) return
      say(t('providers.replace.done', { label: connection.label }))
      onClose()
    },
  })
  const problem = replace.error ? toApiProblem(replace.error) : undefined
  return (
    <Dialog
      open
      onClose={onClose}
      focus={keyField}
      title={t('providers.replace.title', { label: connection.label })}
      description={t('providers.replace.what')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {check && (
            <Button busy={replace.isPending} onClick={() => replace.mutate(true)}>
              {t('providers.replace.anyway')}
            </Button>
          )}
          <Button kind="main" type="submit" form="replace-key" busy={replace.isPending}>
            {t('providers.replace.testAndReplace')}
          </Button>
        </>
      }
    >
      <form
        id="replace-key"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          replace.mutate(false)
        }}
      >
        <ProviderLinks provider={provider} only={['keys']} />
        <SecretInput
          ref={keyField}
          label={t('providers.replace.newKey')}
          help={t('providers.key.help')}
          required={connection.key !== null || provider.key === 'required'}
          mono
          dir="ltr"
          autoComplete="off"
          value={key}
          onValueChange={(next: string) => {
            setKey(next)
            setCheck(undefined)
          }}
          error={problem?.code.startsWith('key.') ? problem.detail : problem?.issue('key')}
        />
        {check && (
          <InView>
            <CheckNote check={check} provider={provider} />
          </InView>
        )}
        <Checkbox label={t('providers.replace.moves')} help={t('providers.replace.movesHelp')} checked={moves} onChange={setMoves} />
        {moves && <DestinationFields provider={provider} draft={destination} onChange={setDestination} problem={problem} />}
        {problem && !problem.code.startsWith('key.') && <ErrorNote problem={problem} />}
      </form>
    </Dialog>
  )
}

function draftOf({ destination }: ConnectionView, provider: ProviderView): DestinationDraft {
  const isOwn = destination.baseUrl === provider.baseUrl
  const isRegion = provider.regions.some(({ baseUrl }) => baseUrl === destination.baseUrl)
  return {
    address: isOwn ? '' : isRegion ? destination.baseUrl : OTHER_ADDRESS,
    baseUrl: isOwn || isRegion ? '' : destination.baseUrl,
    organization: destination.organization ?? '',
    project: destination.project ?? '',
    region: destination.region ?? '',
    apiVersion: destination.apiVersion ?? '',
    headers: Object.entries(destination.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  }
}
