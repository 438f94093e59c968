import { useQuery } from '@tanstack/react-query'
import { listLatestCalls, listVirtualKeys, readVirtualKeyStops, revokeVirtualKey, type VirtualKeyView } from '../../../contract/gateway.ts'
import { callApi } from '../../api/call.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'

/** Asks before a virtual key is revoked, and says what stops. */
export function RevokeKey({ virtualKey, onClose, onRevoked }: { virtualKey: VirtualKeyView; onClose: () => void; onRevoked: () => void }) {
  const { t } = useText()
  const { id, name } = virtualKey
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('gateway.revoke.title', { name })}
      action={t('gateway.revoke.named', { name })}
      onConfirm={async () => {
        await callApi(revokeVirtualKey, { params: { virtualKeyId: id } })
        onRevoked()
        await invalidate(listVirtualKeys, listLatestCalls)
        say(t('gateway.revoke.done', { name }))
      }}
    >
      <p>{t('gateway.revoke.what')}</p>
      <WhatStops id={id} />
    </ConfirmDialog>
  )
}

function WhatStops({ id }: { id: string }) {
  const { t } = useText()
  const { data, error } = useQuery({ ...queryOf(readVirtualKeyStops, { params: { virtualKeyId: id } }), staleTime: 0 })
  if (error) return <p className="text-failing">{t('gateway.revoke.unread')}</p>
  if (!data) return <p role="status">{t('gateway.revoke.reading')}</p>
  const { callsInFlight, callsInLastHour } = data
  return (
    <ul className="list-disc ps-5">
      <li>{callsInFlight === 0 ? t('gateway.revoke.nothingInFlight') : t('gateway.revoke.inFlight', { count: callsInFlight })}</li>
      <li>{t('gateway.revoke.lastHour', { count: callsInLastHour })}</li>
    </ul>
  )
}
