import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listApiTokens, makeApiToken, revokeApiToken } from '../../../contract/people.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { EmptyState, Section } from '../../components/page.tsx'
import { Select } from '../../components/select.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { DocumentLink } from '../../components/document-link.tsx'
import { Text, useText } from '../../messages/text.tsx'
import { PersonForm, useForm } from './person-form.tsx'

type TokenView = RouteAnswer<typeof listApiTokens>['tokens'][number]

/** Tokens with which a program calls /api/v1 as this person, in this workspace. */
export function ApiTokens() {
  const { t } = useText()
  const { data, error, isPending, refetch } = useQuery(queryOf(listApiTokens))
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<TokenView>()
  const columns: Column<TokenView>[] = [
    {
      id: 'name',
      header: t('people.tokens.name'),
      fixed: true,
      card: 'title',
      cell: (token) => (
        <>
          {token.name} <bdi className="font-mono text-ink-2">…{token.lastFour}</bdi>
        </>
      ),
    },
    { id: 'used', header: t('people.tokens.used'), fixed: true, width: '9rem', cell: (token) => <RelativeTime at={token.lastUsedAt} /> },
    {
      id: 'expires',
      header: t('people.tokens.expires'),
      fixed: true,
      width: '9rem',
      cell: (token) => <RelativeTime at={token.expiresAt} absent="people.tokens.untilRevoked" />,
    },
    {
      id: 'revoke',
      header: t('people.tokens.action'),
      fixed: true,
      align: 'end',
      width: '8rem',
      cell: (token) => (
        <Button small onClick={() => setRevoking(token)}>
          {t('people.tokens.revoke')}
        </Button>
      ),
    },
  ]
  return (
    <Section
      title={t('people.tokens.title')}
      sentence={<Text of="people.tokens.sentence" parts={{ a: <DocumentLink to="/api/docs" /> }} />}
      action={<Button onClick={() => setMaking(true)}>{t('people.tokens.make')}</Button>}
    >
      {isPending ? (
        <TableSkeleton rows={2} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : data.tokens.length === 0 ? (
        <EmptyState title={t('people.tokens.none')}>{t('people.tokens.noneWhat')}</EmptyState>
      ) : (
        <Table name="tokens" label={t('people.tokens.title')} rows={data.tokens} columns={columns} rowId={(token) => token.id} />
      )}
      {making && <MakeDialog onClose={() => setMaking(false)} />}
      <ConfirmDialog
        open={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title={t('people.tokens.revokeTitle', { name: revoking?.name ?? '' })}
        action={t('people.tokens.revoke')}
        onConfirm={async () => {
          if (revoking) await callApi(revokeApiToken, { params: { tokenId: revoking.id } })
          await invalidate(listApiTokens)
        }}
      >
        <p>{t('people.tokens.revokeWhat')}</p>
      </ConfirmDialog>
    </Section>
  )
}

const DAYS = ['30', '90', '365', 'none'] as const

function MakeDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const [name, setName] = useState('')
  const [days, setDays] = useState<(typeof DAYS)[number]>('90')
  const [token, setToken] = useState<string>()
  const form = useForm(async () => {
    const made = await callApi(makeApiToken, { body: { name, days: days === 'none' ? null : Number(days) } })
    await invalidate(listApiTokens)
    setToken(made.token)
  })
  if (token !== undefined) {
    return (
      <Dialog
        open
        onClose={onClose}
        title={t('people.tokens.made')}
        actions={
          <Button kind="main" onClick={onClose}>
            {t('people.tokens.kept')}
          </Button>
        }
      >
        <div className="flex flex-col gap-3">
          <Note meaning="attention">{t('people.tokens.once')}</Note>
          <CopyField label={t('people.tokens.token')} value={token} />
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog open onClose={onClose} title={t('people.tokens.make')}>
      <PersonForm form={form} action={t('people.tokens.make')}>
        <TextInput
          label={t('people.tokens.name')}
          help={t('people.tokens.nameHelp')}
          required
          autoFocus
          maxLength={100}
          value={name}
          onValueChange={setName}
          error={form.problem?.issue('name')}
        />
        <Select
          label={t('people.tokens.expires')}
          value={days}
          onChange={setDays}
          options={DAYS.map((value) => ({
            value,
            label: value === 'none' ? t('people.tokens.untilRevoked') : t('people.days', { count: Number(value) }),
          }))}
        />
      </PersonForm>
    </Dialog>
  )
}
