import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowLeft, Plus } from 'lucide-react'
import { useState } from 'react'
import { type AssignmentView, listAssignments, readAssignment, removeContext, replaceAssignment } from '../../../contract/assignments.ts'
import { type ConnectionView, listConnections } from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryClient, queryOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page, PracticeBand, Section } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { CandidateCard } from './candidate-card.tsx'
import { isBuiltIn, useContextName } from './context-name.ts'
import { differs, draftOf, inputOf, moved, newCandidate, type CandidateDraft } from './draft.ts'
import { ProductPreview } from './product-preview.tsx'
import { WarningList } from './warning-list.tsx'

/** Who serves one context: the candidates in their order, what each is for, and who may take over. */
export function AssignmentPage() {
  const { context } = useParams({ from: '/shell/assignments/$context' })
  const { t } = useText()
  const nameOf = useContextName()
  const assignment = useQuery({ ...queryOf(readAssignment, { params: { context } }), refetchOnWindowFocus: false })
  const connections = useQuery(queryOf(listConnections))
  const [savedVersion, setSavedVersion] = useState<number>()
  const error = assignment.error ?? connections.error
  return (
    <Page
      title={nameOf(context)}
      sentence={
        <>
          {isBuiltIn(context) ? t(`assignments.contexts.${context}.what`) : t('assignments.ownContext')}{' '}
          <Link to="/assignments" className="link mt-1 flex w-fit items-center gap-1">
            <ArrowLeft aria-hidden className="size-3.5 rtl:rotate-180" />
            {t('assignments.all')}
          </Link>
        </>
      }
    >
      {error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void Promise.all([assignment.refetch(), connections.refetch()])} />
      ) : !assignment.data || !connections.data ? (
        <FieldsSkeleton fields={4} />
      ) : (
        // a new version begins anew
        <Editor
          key={`${context} ${assignment.data.version}`}
          assignment={assignment.data}
          connections={connections.data.items}
          isJustSaved={assignment.data.version === savedVersion}
          onSaved={setSavedVersion}
        />
      )}
    </Page>
  )
}

interface EditorProps {
  assignment: AssignmentView
  connections: readonly ConnectionView[]
  isJustSaved: boolean
  onSaved: (version: number) => void
}

function Editor({ assignment, connections, isJustSaved, onSaved }: EditorProps) {
  const { t } = useText()
  const nameOf = useContextName()
  const mayWrite = useMay('assignments.write')
  const { add } = useSearch({ from: '/shell/assignments/$context' })
  const { context, version, usedBy } = assignment
  const usable = connections.filter(({ status, contexts }) => status === 'active' && (contexts === null || contexts.includes(context)))
  const [drafts, setDrafts] = useState(() => begin(assignment, usable, add))
  const [told, setTold] = useState('')
  const isChanged = differs(drafts, assignment)
  const inputs = inputOf(drafts)
  const save = useMutation({
    mutationFn: () => callApi(replaceAssignment, { params: { context }, body: { version, candidates: inputs ?? [] } }),
    onSuccess: async (saved) => {
      onSaved(saved.version)
      queryClient.setQueryData(queryOf(readAssignment, { params: { context } }).queryKey, saved)
      await invalidate(listAssignments)
      say(t('assignments.saved', { context: nameOf(context) }))
    },
  })
  const blocker = useBlocker({ shouldBlockFn: () => isChanged && !save.isPending, enableBeforeUnload: () => isChanged, withResolver: true })
  const move = (from: number, to: number) => {
    if (to < 0 || to >= drafts.length || from === to) return
    setDrafts(moved(drafts, from, to))
    setTold(t('assignments.movedTo', { number: to + 1 }))
  }
  const change = (key: number, part: Partial<CandidateDraft>) =>
    setDrafts(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)))
  const problem = save.error ? toApiProblem(save.error) : undefined
  const isPractice = drafts.some(({ connectionId }) => connections.some(({ id, practice }) => id === connectionId && practice))
  const addAction = mayWrite && usable.length > 0 && (
    <Button
      icon={<Plus aria-hidden className="size-4" />}
      onClick={() => setDrafts([...drafts, newCandidate(usable.length === 1 ? usable[0]!.id : null)])}
    >
      {t(drafts.length === 0 ? 'assignments.addFirst' : 'assignments.addCandidate')}
    </Button>
  )
  return (
    <div className="max-w-4xl">
      {isPractice && <PracticeBand />}
      {usedBy.length === 0 && (
        <p className="mb-4">
          <Badge>{t('assignments.unused')}</Badge> <span className="text-ink-2">{t('assignments.unusedWhat')}</span>
        </p>
      )}
      <Section title={t('assignments.candidates')} sentence={t('assignments.candidatesWhat')}>
        {usable.length === 0 && drafts.length === 0 ? (
          <EmptyState
            title={t('assignments.noUsable')}
            action={
              <Link to="/providers" search={{ add: 'provider' }} className={buttonClass({ kind: 'main' })}>
                {t('assignments.toProviders')}
              </Link>
            }
          >
            <p>{t('assignments.noUsableWhat')}</p>
          </EmptyState>
        ) : drafts.length === 0 ? (
          <EmptyState title={t('assignments.nobody')} action={addAction}>
            <p>{t('assignments.nobodyWhat')}</p>
          </EmptyState>
        ) : (
          <>
            <ol className="flex flex-col gap-3">
              {drafts.map((draft, index) => (
                <CandidateCard
                  key={draft.key}
                  context={context}
                  draft={draft}
                  index={index}
                  drafts={drafts}
                  connections={connections}
                  usable={usable}
                  mayWrite={mayWrite}
                  onChange={(part) => change(draft.key, part)}
                  onMove={(to) => move(index, to)}
                  onDropOn={(from) => move(from, index)}
                  onRemove={() => setDrafts(drafts.filter(({ key }) => key !== draft.key))}
                />
              ))}
            </ol>
            <p role="status" className="sr-only">
              {told}
            </p>
            <div className="mt-3">{addAction}</div>
          </>
        )}
        {!isChanged && <WarningList warnings={assignment.warnings} />}
        {problem && (
          <div>
            <ErrorNote problem={problem} />
            {problem.code === 'assignment.changed' && (
              <div className="mt-2">
                <Button onClick={() => void invalidate(readAssignment)}>{t('assignments.loadAgain')}</Button>
              </div>
            )}
          </div>
        )}
        {mayWrite && (isChanged || drafts.length > 0) && (
          <div className="mt-4 flex flex-wrap items-center gap-3 border-t border-line pt-4">
            <Button kind="main" busy={save.isPending} disabled={!isChanged || inputs === undefined} onClick={() => save.mutate()}>
              {t('assignments.save', { context: nameOf(context) })}
            </Button>
            {isChanged && <Button onClick={() => setDrafts(draftOf(assignment))}>{t('assignments.discard')}</Button>}
            {isChanged && inputs === undefined && <span className="text-ink-2">{t('assignments.incomplete')}</span>}
          </div>
        )}
        {isJustSaved && !isChanged && assignment.candidates.length > 0 && usedBy.includes('enrichment') && <NextStep />}
      </Section>
      {assignment.candidates.length > 0 && <ProductPreview assignment={assignment} isChanged={isChanged} />}
      {assignment.own && mayWrite && <RemoveContext context={context} />}
      <ConfirmDialog
        open={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        title={t('assignments.leave.title')}
        action={t('assignments.leave.action')}
        onConfirm={() => Promise.resolve(blocker.proceed?.())}
      >
        <p>{t('assignments.leave.what')}</p>
      </ConfirmDialog>
    </div>
  )
}

/** What is stored, and the connection that the person came from as one more, when it is not there yet. */
function begin(assignment: AssignmentView, usable: readonly ConnectionView[], add: string | undefined): CandidateDraft[] {
  const drafts = draftOf(assignment)
  const isNew = add !== undefined && usable.some(({ id }) => id === add) && !drafts.some(({ connectionId }) => connectionId === add)
  return isNew ? [...drafts, newCandidate(add)] : drafts
}

function NextStep() {
  const { t } = useText()
  return (
    <div className="mt-4">
      <Note meaning="good">
        <p>{t('assignments.next')}</p>
        <Link to="/" className="link">
          {t('assignments.toStart')}
        </Link>
      </Note>
    </div>
  )
}

function RemoveContext({ context }: { context: string }) {
  const { t } = useText()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const remove = async () => {
    await callApi(removeContext, { params: { context } })
    await invalidate(listAssignments)
    await navigate({ to: '/assignments', ignoreBlocker: true })
    say(t('assignments.removed', { context }))
  }
  return (
    <Section title={t('assignments.removeTitle')}>
      <Button kind="dangerous" onClick={() => setAsking(true)}>
        {t('assignments.remove', { context })}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('assignments.removeAsk', { context })}
        action={t('assignments.remove', { context })}
        onConfirm={remove}
      >
        <p>{t('assignments.removeWhat')}</p>
      </ConfirmDialog>
    </Section>
  )
}
