import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import type { CoversView } from '../../../contract/budgets.ts'
import { changeVirtualKey, listVirtualKeys, type VirtualKeyView } from '../../../contract/gateway.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { useCoversText } from '../budgets/covers-text.ts'
import { UsedBar } from '../budgets/used-bar.tsx'
import { Fact, Facts } from '../consumption/parts.tsx'
import { useForm } from '../people/person-form.tsx'
import { areFinished, bodyOf, draftOf, isFinished, NO_LIMITS } from './key-draft.ts'
import { KeyFields } from './key-fields.tsx'
import { isOwn, type KeyLimits } from './key-limits.ts'
import { KeyState } from './key-state.tsx'
import { LimitFields, setLimits } from './limit-fields.tsx'
import { RateText } from './rate-text.tsx'
import { useScopeText } from './scope-text.ts'

interface KeySheetProps {
  virtualKey: VirtualKeyView
  limits: KeyLimits | undefined
  onClose: () => void
  onRevoke: () => void
}

/** One virtual key: what it is, what limits it, and for who may, what it is to be. */
export function KeySheet(props: KeySheetProps) {
  const may = useMay('gateway.write')
  return may ? <ChangeKey {...props} /> : <ShowKey {...props} />
}

function ShowKey({ virtualKey, limits, onClose }: KeySheetProps) {
  return (
    <Sheet open onClose={onClose} title={virtualKey.name}>
      <div className="flex flex-col gap-6">
        <Standing virtualKey={virtualKey} scope />
        {limits && <Limits limits={limits} />}
      </div>
    </Sheet>
  )
}

function ChangeKey({ virtualKey, limits, onClose, onRevoke }: KeySheetProps) {
  const { t } = useText()
  const formId = useId()
  const [draft, setDraft] = useState(() => draftOf(virtualKey))
  const [added, setAdded] = useState(NO_LIMITS)
  const form = useForm(async () => {
    const changed = await callApi(changeVirtualKey, { params: { virtualKeyId: virtualKey.id }, body: bodyOf(draft) })
    await setLimits(added, changed)
    await invalidate(listVirtualKeys)
    say(t('gateway.changed', { name: changed.name }))
    onClose()
  })
  const hasOwn = limits && [...limits.budgets, ...limits.rateLimits].some(isOwn)
  return (
    <Sheet
      open
      onClose={onClose}
      title={virtualKey.name}
      actions={
        <>
          <Button kind="dangerous" onClick={onRevoke}>
            {t('gateway.revoke.action')}
          </Button>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" type="submit" form={formId} busy={form.busy} disabled={!isFinished(draft) || !areFinished(added)}>
            {t('gateway.save')}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          void form.send()
        }}
      >
        <Standing virtualKey={virtualKey} />
        {limits && <Limits limits={limits} />}
        <KeyFields isNew={false} draft={draft} onChange={setDraft} problem={form.problem} />
        {limits && !hasOwn && <LimitFields draft={added} onChange={setAdded} />}
        {form.problem && <ErrorNote problem={form.problem} />}
      </form>
    </Sheet>
  )
}

/** What cannot be changed, and where its calls are. */
function Standing({ virtualKey, scope = false }: { virtualKey: VirtualKeyView; scope?: boolean }) {
  const { t } = useText()
  const scopeText = useScopeText()
  const { id, lastFour, owner, expiresAt, lastUsedAt, createdAt } = virtualKey
  return (
    <div className="flex flex-col gap-3">
      <KeyState virtualKey={virtualKey} />
      <Facts>
        <Fact label={t('gateway.columns.key')}>
          <bdi className="font-mono">{`sk-lk-…${lastFour}`}</bdi>
        </Fact>
        <Fact label={t('gateway.columns.owner')}>
          <bdi>{owner.name}</bdi>
        </Fact>
        {scope && <Fact label={t('gateway.columns.scope')}>{scopeText(virtualKey)}</Fact>}
        <Fact label={t('gateway.columns.made')}>
          <RelativeTime at={createdAt} />
        </Fact>
        <Fact label={t('gateway.columns.used')}>
          <RelativeTime at={lastUsedAt} />
        </Fact>
        <Fact label={t('gateway.columns.expires')}>
          <RelativeTime at={expiresAt} absent="gateway.untilRevoked" />
        </Fact>
      </Facts>
      <Link className="link self-start" to="/consumption" search={{ origin: `virtual-key:${id}`, view: 'calls' }}>
        {t('gateway.itsCalls')}
      </Link>
    </div>
  )
}

function Limits({ limits: { budgets, rateLimits } }: { limits: KeyLimits }) {
  const { t } = useText()
  if (budgets.length === 0 && rateLimits.length === 0) return <p className="text-ink-2">{t('gateway.limits.none')}</p>
  return (
    <section aria-label={t('gateway.limits.covering')} className="flex flex-col gap-3">
      <h3 className="font-semibold">{t('gateway.limits.covering')}</h3>
      {budgets.map((budget) => (
        <div key={budget.id} className="flex min-w-0 flex-col gap-1">
          <Named limit={budget} kind={t(`budgets.periods.${budget.period}`)} budgetId={budget.id} />
          <UsedBar label={budget.name} limit={budget.limit} window={budget.window} />
        </div>
      ))}
      {rateLimits.map((limit) => (
        <div key={limit.id} className="flex min-w-0 flex-col gap-1">
          <Named limit={limit} />
          <p className="tabular text-table text-ink-2">
            <RateText limit={limit} />
          </p>
        </div>
      ))}
    </section>
  )
}

/** What a budget or rate limit is called and for, with the way to it. */
function Named({
  limit: { name, covers },
  kind,
  budgetId,
}: {
  limit: { readonly name: string; readonly covers: CoversView }
  kind?: string
  budgetId?: string
}) {
  const { t } = useText()
  const coversText = useCoversText()
  const isAlone = covers.virtualKeys?.length === 1 && !covers.connections && !covers.contexts && !covers.members
  const detail = [kind, isAlone ? t('gateway.limits.thisKey') : coversText(covers)].filter((part) => part !== undefined).join(' · ')
  return (
    <p className="flex items-baseline justify-between gap-3">
      <span className="min-w-0 truncate">
        <bdi className="font-medium">{name}</bdi> <span className="text-ink-2">{detail}</span>
      </span>
      <Link className="link shrink-0 text-table" to="/budgets" search={{ budget: budgetId }}>
        {t('gateway.limits.open')}
      </Link>
    </p>
  )
}
