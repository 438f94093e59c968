import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { addContext, type AssignmentView, type CandidateView, listAssignments } from '../../../contract/assignments.ts'
import { listConnections } from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Page } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { isBuiltIn, useContextName } from './context-name.ts'
import { useRuleSentences } from './rules-text.ts'
import { WarningList } from './warning-list.tsx'

/** AI Services, Provider Assignments: which provider and model serve which kind of work. */
export function AssignmentsPage() {
  const { t } = useText()
  const mayWrite = useMay('assignments.write')
  const [adding, setAdding] = useState(false)
  const { data, error, refetch } = useQuery(queryOf(listAssignments))
  const connections = useQuery(queryOf(listConnections))
  const noProvider = connections.data?.items.every(({ status }) => status !== 'active') ?? false
  return (
    <Page
      title={t('assignments.title')}
      sentence={t('assignments.sentence')}
      action={
        mayWrite ? (
          <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setAdding(true)}>
            {t('assignments.addContext')}
          </Button>
        ) : undefined
      }
    >
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : !data ? (
        <TableSkeleton rows={9} columns={3} />
      ) : (
        <>
          {noProvider && (
            <div className="mb-4">
              <Note meaning="information">
                <p>{t('assignments.noProvider')}</p>
                <Link to="/providers" search={mayWrite ? { add: 'provider' } : {}} className="link">
                  {t('assignments.toProviders')}
                </Link>
              </Note>
            </div>
          )}
          <ul className="divide-y divide-line rounded-md border border-line bg-surface" aria-label={t('assignments.title')}>
            {data.items.map((assignment) => (
              <ContextRow key={assignment.context} assignment={assignment} mayWrite={mayWrite} />
            ))}
          </ul>
        </>
      )}
      {adding && <AddContext onClose={() => setAdding(false)} />}
    </Page>
  )
}

function ContextRow({ assignment, mayWrite }: { assignment: AssignmentView; mayWrite: boolean }) {
  const { t } = useText()
  const nameOf = useContextName()
  const { context, candidates, usedBy, warnings } = assignment
  const name = nameOf(context)
  const isAssigned = candidates.length > 0
  const isNext = !isAssigned && usedBy.length > 0
  return (
    <li className="grid gap-x-6 gap-y-3 px-4 py-3 md:grid-cols-[minmax(0,5fr)_minmax(0,6fr)_auto]">
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-center gap-2 text-body font-semibold">
          {name}
          {usedBy.length === 0 && <Badge>{t('assignments.unused')}</Badge>}
        </h2>
        <p className="text-table text-ink-2">
          {isBuiltIn(context) ? t(`assignments.contexts.${context}.what`) : t('assignments.ownContext')}
        </p>
      </div>
      <div className="min-w-0">
        {isAssigned ? (
          <ol className="flex flex-col gap-1">
            {candidates.map((candidate) => (
              <CandidateLine key={candidate.position} candidate={candidate} />
            ))}
          </ol>
        ) : (
          <p className="text-ink-2">{t('assignments.nobody')}</p>
        )}
        <WarningList warnings={warnings} />
      </div>
      <div className="flex items-start justify-end">
        <Link
          to="/assignments/$context"
          params={{ context }}
          search={{}}
          aria-label={t(mayWrite ? (isAssigned ? 'assignments.changeOf' : 'assignments.assignOf') : 'assignments.lookAt', {
            context: name,
          })}
          className={buttonClass({ kind: isNext && mayWrite ? 'main' : 'plain', small: true })}
        >
          {t(mayWrite ? (isAssigned ? 'assignments.change' : 'assignments.assign') : 'assignments.look')}
        </Link>
      </div>
    </li>
  )
}

function CandidateLine({ candidate: { position, connection, model, rules, fallbackOn } }: { candidate: CandidateView }) {
  const { t } = useText()
  const sentences = useRuleSentences()(rules)
  return (
    <li className="flex gap-2">
      <span aria-hidden className="tabular text-ink-3">
        {position + 1}
      </span>
      <span className="min-w-0">
        <span className={connection.status === 'active' ? 'font-medium' : 'font-medium text-failing line-through'}>{connection.label}</span>{' '}
        <bdi dir="ltr" className="font-mono text-table">
          {model}
        </bdi>
        {sentences.length > 0 && <span className="block text-table text-ink-2">{sentences.join(' · ')}</span>}
        {fallbackOn.length > 0 && (
          <span className="block text-table text-ink-2">{t('assignments.fallback.some', { count: fallbackOn.length })}</span>
        )}
      </span>
    </li>
  )
}

function AddContext({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  const navigate = useNavigate()
  const [context, setContext] = useState('')
  const add = useMutation({
    mutationFn: () => callApi(addContext, { body: { context: context.trim() } }),
    onSuccess: async ({ context: added }) => {
      await invalidate(listAssignments)
      await navigate({ to: '/assignments/$context', params: { context: added }, search: {} })
    },
  })
  const problem = add.error ? toApiProblem(add.error) : undefined
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('assignments.addContext')}
      description={t('assignments.addContextWhat')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" type="submit" form="add-context" busy={add.isPending}>
            {t('assignments.addContext')}
          </Button>
        </>
      }
    >
      <form
        id="add-context"
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate()
        }}
      >
        <TextInput
          label={t('assignments.contextName')}
          help={t('assignments.contextNameHelp')}
          required
          mono
          dir="ltr"
          maxLength={40}
          pattern="[a-z][a-z0-9\-]*"
          value={context}
          onValueChange={setContext}
          error={problem?.issue('context') ?? (problem?.code === 'context.exists' ? problem.detail : undefined)}
        />
        {problem && problem.issues.length === 0 && problem.code !== 'context.exists' && <ErrorNote problem={problem} />}
      </form>
    </Dialog>
  )
}
