import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { Ellipsis, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { ROLES, type Role } from '../../../contract/permissions.ts'
import { changeMember, leaveWorkspace, listMembers, readMe, removeMember } from '../../../contract/people.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { Menu, MenuChoice, MenuItem, MenuLine } from '../../components/menu.tsx'
import { Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay, useMe } from '../../support/me.ts'
import { useSession } from '../../support/session.ts'
import { Invitations, InviteDialog } from './invitations.tsx'

type MemberView = RouteAnswer<typeof listMembers>['members'][number]

/** Workspace, Members: who is here, in which role, and who is invited. */
export function MembersPage() {
  const { t } = useText()
  const { workspace } = useMe()
  const mayWrite = useMay('members.write')
  const { invite } = useSearch({ from: '/shell/members' })
  const { data, error, isPending, refetch } = useQuery(queryOf(listMembers))
  const [inviting, setInviting] = useState(invite === true && mayWrite)
  return (
    <Page
      title={t('people.members.title')}
      sentence={t('people.members.sentence', { workspace: workspace.name })}
      action={
        mayWrite ? (
          <Button kind="main" icon={<UserPlus aria-hidden className="size-4" />} onClick={() => setInviting(true)}>
            {t('people.invite.action')}
          </Button>
        ) : undefined
      }
    >
      <div className="flex max-w-5xl flex-col gap-8">
        {isPending ? (
          <TableSkeleton rows={3} />
        ) : error ? (
          <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
        ) : (
          <MemberTable members={data.members} />
        )}
        {mayWrite && <Invitations />}
      </div>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  )
}

function MemberTable({ members }: { members: readonly MemberView[] }) {
  const { t } = useText()
  const [ending, setEnding] = useState<MemberView>()
  const columns: Column<MemberView>[] = [
    {
      id: 'name',
      header: t('people.name'),
      fixed: true,
      card: 'title',
      sortBy: (member) => member.name,
      cell: (member) => (
        <span className="flex flex-col">
          <span className="flex items-center gap-2 font-medium">
            {member.name} {member.you && <Badge>{t('people.members.you')}</Badge>}
          </span>
          <bdi className="text-ink-2">{member.email}</bdi>
        </span>
      ),
    },
    {
      id: 'role',
      header: t('people.members.role'),
      fixed: true,
      width: '9rem',
      sortBy: (member) => ROLES.indexOf(member.role),
      cell: (member) => t(`people.roles.${member.role}`),
    },
    {
      id: 'since',
      header: t('people.members.since'),
      fixed: true,
      width: '9rem',
      sortBy: (member) => member.since,
      cell: (member) => <RelativeTime at={member.since} />,
    },
    {
      id: 'seen',
      header: t('people.members.seen'),
      fixed: true,
      width: '9rem',
      sortBy: (member) => member.lastSeenAt,
      cell: (member) => <RelativeTime at={member.lastSeenAt} />,
    },
    {
      id: 'actions',
      header: t('people.members.actions'),
      fixed: true,
      width: '7rem',
      align: 'end',
      cell: (member) => <MemberMenu member={member} onEnd={() => setEnding(member)} />,
    },
  ]
  return (
    <>
      <Table name="members" label={t('people.members.title')} rows={members} columns={columns} rowId={(member) => member.userId} />
      <EndDialog member={ending} onClose={() => setEnding(undefined)} />
    </>
  )
}

function MemberMenu({ member, onEnd }: { member: MemberView; onEnd: () => void }) {
  const { t } = useText()
  const mayWrite = useMay('members.write')
  const mayOwners = useMay('owners.write')
  const mayChange = mayWrite && (mayOwners || member.role !== 'owner')
  if (!mayChange && !member.you) return null
  const roles = ROLES.filter((role) => mayOwners || role !== 'owner')
  const change = async (newRole: Role) => {
    if (newRole === member.role) return
    const before = member.role
    const set = async (role: Role) => {
      await callApi(changeMember, { params: { userId: member.userId }, body: { newRole: role } }).catch((failure: unknown) =>
        sayProblem(failure, t),
      )
      await invalidate(listMembers, ...(member.you ? [readMe] : []))
    }
    await set(newRole)
    say(t('people.members.changed', { name: member.name, role: t(`people.roles.${newRole}`) }), { undo: () => set(before) })
  }
  return (
    <Menu
      trigger={
        <IconButton
          small
          label={t('people.members.actionsFor', { name: member.name })}
          icon={<Ellipsis aria-hidden className="size-4" />}
        />
      }
    >
      {mayChange && (
        <MenuChoice
          label={t('people.members.role')}
          value={member.role}
          options={roles.map((role) => ({ value: role, label: t(`people.roles.${role}`) }))}
          onChange={(role) => void change(role)}
        />
      )}
      {mayChange && <MenuLine />}
      <MenuItem dangerous onSelect={onEnd}>
        {member.you ? t('people.members.leave') : t('people.members.remove')}
      </MenuItem>
    </Menu>
  )
}

/** Before someone is taken out, or leaves: what stops. */
function EndDialog({ member, onClose }: { member: MemberView | undefined; onClose: () => void }) {
  const { t } = useText()
  const { workspace } = useMe()
  const { enter } = useSession()
  const leave = async () => {
    await callApi(leaveWorkspace)
    await enter(await callApi(readMe))
  }
  const remove = async () => {
    if (member) await callApi(removeMember, { params: { userId: member.userId } })
    await invalidate(listMembers)
  }
  return (
    <ConfirmDialog
      open={member !== undefined}
      onClose={onClose}
      title={
        member?.you
          ? t('people.members.leaveTitle', { workspace: workspace.name })
          : t('people.members.removeTitle', { name: member?.name ?? '' })
      }
      action={member?.you ? t('people.members.leave') : t('people.members.remove')}
      onConfirm={member?.you ? leave : remove}
    >
      <p>{member?.you ? t('people.members.leaveWhat') : t('people.members.removeWhat')}</p>
    </ConfirmDialog>
  )
}
