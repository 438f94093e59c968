import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { listAssignments } from '../../../contract/assignments.ts'
import {
  type ConnectionStops,
  type ConnectionView,
  deleteConnection,
  listConnections,
  readConnection,
  readConnectionStops,
  revokeConnection,
} from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { queryOf } from '../../api/query.ts'
import { invalidate, queryClient } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { Section } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'

/** Revoking and deleting. What stops is read and listed before either is confirmed. */
export function EndConnection({ connection }: { connection: ConnectionView }) {
  const { t } = useText()
  const navigate = useNavigate()
  const [asking, setAsking] = useState<'revoke' | 'delete'>()
  const { id, label, status } = connection
  const isActive = status === 'active'
  const params = { connectionId: id }
  const revoke = async () => {
    await callApi(revokeConnection, { params })
    await invalidate(readConnection, listConnections, listAssignments)
    say(t('providers.end.revokedNow', { label }))
  }
  const remove = async () => {
    await callApi(deleteConnection, { params, query: isActive ? { confirm: 'stops' } : {} })
    await navigate({ to: '/providers', search: {} })
    queryClient.removeQueries({ queryKey: [readConnection.id, { params }] })
    await invalidate(listConnections, listAssignments)
    say(t('providers.end.deletedNow', { label }))
  }
  return (
    <Section title={t('providers.sections.end')} sentence={isActive ? t('providers.end.sentence') : t('providers.end.sentenceRevoked')}>
      <div className="flex flex-wrap gap-2">
        {isActive && (
          <Button kind="dangerous" onClick={() => setAsking('revoke')}>
            {t('providers.end.revoke', { label })}
          </Button>
        )}
        <Button kind="dangerous" onClick={() => setAsking('delete')}>
          {t('providers.end.delete', { label })}
        </Button>
      </div>
      <ConfirmDialog
        open={asking === 'revoke'}
        onClose={() => setAsking(undefined)}
        title={t('providers.end.revokeTitle', { label })}
        action={t('providers.end.revoke', { label })}
        onConfirm={revoke}
      >
        <p>{connection.practice ? t('providers.end.revokePractice') : t('providers.end.revokeWhat')}</p>
        {asking === 'revoke' && <WhatStops id={id} />}
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'delete'}
        onClose={() => setAsking(undefined)}
        title={t('providers.end.deleteTitle', { label })}
        action={t('providers.end.delete', { label })}
        onConfirm={remove}
      >
        <p>{t('providers.end.deleteWhat')}</p>
        {asking === 'delete' && isActive && <WhatStops id={id} />}
      </ConfirmDialog>
    </Section>
  )
}

function WhatStops({ id }: { id: string }) {
  const { t } = useText()
  const { data, error } = useQuery({ ...queryOf(readConnectionStops, { params: { connectionId: id } }), staleTime: 0 })
  if (error) return <p className="text-failing">{t('providers.stops.unread')}</p>
  if (!data) return <p role="status">{t('providers.stops.reading')}</p>
  return <StopsList stops={data} />
}

function StopsList({ stops: { assignments, runs, callsInFlight } }: { stops: ConnectionStops }) {
  const { t } = useText()
  const nameOf = useContextName()
  if (assignments.length === 0 && runs.length === 0 && callsInFlight === 0) return <p>{t('providers.stops.nothing')}</p>
  return (
    <div>
      <p className="font-medium text-ink">{t('providers.stops.title')}</p>
      <ul className="list-disc ps-5">
        {assignments.map(({ context, model, alone }) => (
          <li key={`${context} ${model}`}>
            {t(alone ? 'providers.stops.assignmentAlone' : 'providers.stops.assignment', { context: nameOf(context), model })}
          </li>
        ))}
        {runs.map((run) => (
          <li key={run.id}>{t('providers.stops.run', { count: run.items })}</li>
        ))}
        {callsInFlight > 0 && <li>{t('providers.stops.inFlight', { count: callsInFlight })}</li>}
      </ul>
    </div>
  )
}
