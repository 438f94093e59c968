import { useQuery } from '@tanstack/react-query'
import { CONTEXTS, listAssignments } from '../../../contract/assignments.ts'
import { listConnections } from '../../../contract/connections.ts'
import { listMembers } from '../../../contract/people.ts'
import type { ApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'
import { NameList } from '../assignments/name-list.tsx'
import { NumberInput } from '../enrich/number-input.tsx'
import { AnyOrSome, Boxes } from './any-or-some.tsx'
import { DAYS, type KeyDraft } from './key-draft.ts'

/** What a virtual key is called, whose it is, what it may be used for and until when. */
export function KeyFields({
  draft,
  isNew,
  problem,
  onChange,
}: {
  draft: KeyDraft
  isNew: boolean
  problem: ApiProblem | undefined
  onChange: (draft: KeyDraft) => void
}) {
  const { t } = useText()
  const contextName = useContextName()
  const assignments = useQuery(queryOf(listAssignments)).data?.items
  const connections = useQuery(queryOf(listConnections)).data?.items.filter(({ status }) => status === 'active') ?? []
  const members = useQuery(queryOf(listMembers)).data?.members ?? []
  const change = (some: Partial<KeyDraft>): void => onChange({ ...draft, ...some })
  const choice = { any: t('gateway.form.any'), some: t('gateway.form.some') }
  const known = [
    ...connections.map(({ slug }) => `${slug}/*`),
    ...new Set((assignments ?? []).flatMap(({ candidates }) => candidates.map(({ model }) => model))),
  ]
  return (
    <>
      <TextInput
        label={t('gateway.form.name')}
        help={t('gateway.form.nameHelp')}
        required
        autoFocus={isNew}
        maxLength={80}
        value={draft.name}
        onValueChange={(name) => change({ name })}
        error={problem?.issue('name')}
      />
      {isNew && members.length > 1 && (
        <Select
          label={t('gateway.form.owner')}
          help={t('gateway.form.ownerHelp')}
          value={draft.ownerId}
          onChange={(ownerId) => change({ ownerId })}
          options={members.map(({ userId, name }) => ({ value: userId, label: name }))}
        />
      )}
      <fieldset className="flex flex-col gap-4 rounded-md border border-line p-3">
        <legend className="px-1 font-medium">{t('gateway.form.scope')}</legend>
        <AnyOrSome {...choice} label={t('gateway.form.contexts')} value={draft.contexts} onChange={(contexts) => change({ contexts })}>
          <Boxes
            value={draft.contexts ?? []}
            onChange={(contexts) => change({ contexts })}
            options={(assignments?.map(({ context }) => context) ?? CONTEXTS).map((value) => ({ value, label: contextName(value) }))}
          />
        </AnyOrSome>
        <AnyOrSome
          {...choice}
          label={t('gateway.form.connections')}
          value={draft.connectionIds}
          onChange={(connectionIds) => change({ connectionIds })}
        >
          <Boxes
            value={draft.connectionIds ?? []}
            onChange={(connectionIds) => change({ connectionIds })}
            options={connections.map(({ id, label }) => ({ value: id, label }))}
          />
        </AnyOrSome>
        <AnyOrSome {...choice} label={t('gateway.form.models')} value={draft.models} onChange={(models) => change({ models })}>
          <NameList
            label={t('gateway.form.modelsHelp')}
            add={t('gateway.form.modelsAdd')}
            names={draft.models ?? []}
            known={known}
            disabled={false}
            onChange={(models) => change({ models })}
          />
        </AnyOrSome>
      </fieldset>
      <Select
        label={t('gateway.form.expires')}
        value={draft.days}
        onChange={(days) => change({ days })}
        options={[...(isNew ? [] : ['keep' as const]), ...DAYS].map((value) => ({
          value,
          label:
            value === 'keep'
              ? t('gateway.form.expiryKept')
              : value === 'none'
                ? t('gateway.untilRevoked')
                : t('people.days', { count: Number(value) }),
        }))}
      />
      <NumberInput
        label={t('gateway.form.outputLimit')}
        help={t('gateway.form.outputLimitHelp')}
        value={draft.maxOutputTokens}
        onChange={(maxOutputTokens) => change({ maxOutputTokens })}
        error={problem?.issue('maxOutputTokens')}
      />
    </>
  )
}
