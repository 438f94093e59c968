import { useId, useState } from 'react'
import { listVirtualKeys, makeVirtualKey, revokeVirtualKey, type VirtualKeyView } from '../../../contract/gateway.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { useText } from '../../messages/text.tsx'
import { useMe } from '../../support/me.ts'
import { useForm } from '../people/person-form.tsx'
import { areFinished, bodyOf, emptyKey, isFinished, NO_LIMITS } from './key-draft.ts'
import { KeyFields } from './key-fields.tsx'
import { LimitFields, setLimits } from './limit-fields.tsx'

/** A virtual key whose token is still known to this page. */
export interface MadeKey {
  readonly token: string
  readonly key: VirtualKeyView
}

/** Makes a virtual key with its budget and rate limit. */
export function MakeKey({ onMade, onClose }: { onMade: (made: MadeKey) => void; onClose: () => void }) {
  const { t } = useText()
  const { user } = useMe()
  const formId = useId()
  const [draft, setDraft] = useState(() => emptyKey(user.id))
  const [limits, setDraftLimits] = useState(NO_LIMITS)
  const form = useForm(async () => {
    const made = await callApi(makeVirtualKey, { body: { ...bodyOf(draft), ownerId: draft.ownerId } })
    try {
      await setLimits(limits, made.key)
    } catch (failure) {
      // Nobody has seen its token: a key without the limits it was to have is no key.
      await callApi(revokeVirtualKey, { params: { virtualKeyId: made.key.id } })
      throw failure
    } finally {
      await invalidate(listVirtualKeys)
    }
    onMade(made)
  })
  return (
    <Sheet
      open
      onClose={onClose}
      title={t('gateway.make')}
      description={t('gateway.makeWhat')}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" type="submit" form={formId} busy={form.busy} disabled={!isFinished(draft) || !areFinished(limits)}>
            {t('gateway.make')}
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
        <KeyFields isNew draft={draft} onChange={setDraft} problem={form.problem} />
        <LimitFields draft={limits} onChange={setDraftLimits} />
        {form.problem && <ErrorNote problem={form.problem} />}
      </form>
    </Sheet>
  )
}
