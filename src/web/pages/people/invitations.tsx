import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ROLES, type Role } from '../../../contract/permissions.ts'
import { invite, listInvitations, withdrawInvitation } from '../../../contract/people.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { RadioGroup } from '../../components/choice.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextInput } from '../../components/field.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { Section } from '../../components/page.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { PersonForm, useForm } from './person-form.tsx'

type InvitationView = RouteAnswer<typeof listInvitations>['invitations'][number]

/** Links that still wait for someone. */
export function Invitations() {
  const { t } = useText()
  const { data } = useQuery(queryOf(listInvitations))
  if (!data || data.invitations.length === 0) return null
  const withdraw = async (invitation: InvitationView) => {
    try {
      await callApi(withdrawInvitation, { params: { invitationId: invitation.id } })
      say(t('people.invite.withdrawn'))
    } catch (failure) {
      sayProblem(failure, t)
    }
    await invalidate(listInvitations)
  }
  const columns: Column<InvitationView>[] = [
    { id: 'note', header: t('people.invite.for'), fixed: true, card: 'title', cell: (one) => one.note || t('people.invite.anyone') },
    { id: 'role', header: t('people.members.role'), fixed: true, width: '9rem', cell: (one) => t(`people.roles.${one.role}`) },
    { id: 'by', header: t('people.invite.by'), fixed: true, width: '9rem', cell: (one) => one.invitedBy },
    { id: 'expires', header: t('people.invite.expires'), fixed: true, width: '9rem', cell: (one) => <RelativeTime at={one.expiresAt} /> },
    {
      id: 'withdraw',
      header: t('people.members.actions'),
      fixed: true,
      width: '8rem',
      align: 'end',
      cell: (one) => (
        <Button small onClick={() => void withdraw(one)}>
          {t('people.invite.withdraw')}
        </Button>
      ),
    },
  ]
  return (
    <Section title={t('people.invite.waiting')} sentence={t('people.invite.waitingSentence')}>
      <Table name="invitations" label={t('people.invite.waiting')} rows={data.invitations} columns={columns} rowId={(one) => one.id} />
    </Section>
  )
}

/** Makes a link for one person; it is shown this once. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const mayOwners = useMay('owners.write')
  const [role, setRole] = useState<Role>('editor')
  const [note, setNote] = useState('')
  const [link, setLink] = useState<string>()
  const form = useForm(async () => {
    const made = await callApi(invite, { body: { as: role, note } })
    await invalidate(listInvitations)
    setLink(made.link)
  })
  if (link !== undefined) {
    return (
      <Dialog
        open
        onClose={onClose}
        title={t('people.invite.made')}
        actions={
          <Button kind="main" onClick={onClose}>
            {t('people.invite.done')}
          </Button>
        }
      >
        <div className="flex flex-col gap-3">
          <Note meaning="information">{t('people.invite.once')}</Note>
          <CopyField label={t('people.invite.link')} value={link} />
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog open onClose={onClose} title={t('people.invite.action')}>
      <PersonForm form={form} action={t('people.invite.make')}>
        <RadioGroup
          label={t('people.members.role')}
          value={role}
          onChange={setRole}
          options={ROLES.filter((one) => mayOwners || one !== 'owner')
            .toReversed()
            .map((one) => ({ value: one, label: t(`people.roles.${one}`), help: t(`people.rolesMay.${one}`) }))}
        />
        <TextInput
          label={t('people.invite.for')}
          optional
          help={t('people.invite.forHelp')}
          maxLength={200}
          value={note}
          onValueChange={setNote}
          error={form.problem?.issue('note')}
        />
      </PersonForm>
    </Dialog>
  )
}
