import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { endOtherSessions, endSession, listSessions } from '../../../contract/people.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { Section } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { browserName } from '../../support/browser-name.ts'

type SessionView = RouteAnswer<typeof listSessions>['sessions'][number]

/** The browsers that are signed in as this person, each of which can be signed out from here. */
export function Sessions() {
  const { t } = useText()
  const { data, error, isPending, refetch } = useQuery(queryOf(listSessions))
  const [asking, setAsking] = useState(false)
  const others = data?.sessions.some((session) => !session.current) ?? false
  const end = async (session: SessionView) => {
    await callApi(endSession, { params: { sessionId: session.id } }).catch((failure: unknown) => sayProblem(failure, t))
    await invalidate(listSessions)
  }
  const columns: Column<SessionView>[] = [
    {
      id: 'browser',
      header: t('people.sessions.browser'),
      fixed: true,
      card: 'title',
      cell: (session) => (
        <span className="flex flex-wrap items-center gap-2" title={session.userAgent ?? undefined}>
          {browserName(session.userAgent) ?? t('people.sessions.unknownBrowser')}
          {session.current && <Badge meaning="good">{t('people.sessions.this')}</Badge>}
        </span>
      ),
    },
    {
      id: 'address',
      header: t('people.sessions.address'),
      fixed: true,
      width: '10rem',
      cell: (session) => <bdi>{session.address ?? t('common.unknown')}</bdi>,
    },
    {
      id: 'seen',
      header: t('people.sessions.seen'),
      fixed: true,
      width: '9rem',
      cell: (session) => <RelativeTime at={session.lastSeenAt} />,
    },
    {
      id: 'end',
      header: t('people.sessions.action'),
      fixed: true,
      align: 'end',
      width: '8rem',
      cell: (session) =>
        session.current ? null : (
          <Button small onClick={() => void end(session)}>
            {t('people.sessions.end')}
          </Button>
        ),
    },
  ]
  return (
    <Section
      title={t('people.sessions.title')}
      sentence={t('people.sessions.sentence')}
      action={others ? <Button onClick={() => setAsking(true)}>{t('people.sessions.endOthers')}</Button> : undefined}
    >
      {isPending ? (
        <TableSkeleton rows={2} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : (
        <Table name="sessions" label={t('people.sessions.title')} rows={data.sessions} columns={columns} rowId={(session) => session.id} />
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('people.sessions.endOthers')}
        action={t('people.sessions.endOthers')}
        onConfirm={async () => {
          await callApi(endOtherSessions)
          await invalidate(listSessions)
        }}
      >
        <p>{t('people.sessions.endOthersWhat')}</p>
      </ConfirmDialog>
    </Section>
  )
}
