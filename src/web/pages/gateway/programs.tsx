import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type GatewayModel, listVirtualKeyModels, readGateway, type VirtualKeyView } from '../../../contract/gateway.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { CodeBlock } from '../../components/code-block.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Combobox, Select } from '../../components/select.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useText } from '../../messages/text.tsx'
import { type Filling, SNIPPET_GROUPS, type SnippetGroup, SNIPPETS } from './snippets.ts'

/** Stands where a key's token would, once nobody knows it any more. */
const PLACEHOLDER = 'YOUR_VIRTUAL_KEY'

/** What a key is asked for at first: whoever is assigned to chat, else the first that chats. */
export const usualModel = (models: readonly GatewayModel[]): GatewayModel | undefined => {
  const chats = models.filter(({ kind }) => kind === 'chat')
  return chats.find(({ name }) => name === 'context:chat') ?? chats[0]
}

/** Snippets for one of these keys: a model it can really use, and its token while that is known. */
export function Programs({ keys, token }: { keys: readonly VirtualKeyView[]; token?: string }) {
  const { t } = useText()
  const [chosenKey, setChosenKey] = useState<string>()
  const key = keys.find(({ id }) => id === chosenKey) ?? keys[0]!
  return (
    <div className="flex flex-col gap-4">
      {keys.length > 1 && (
        <div className="max-w-md">
          <Select
            label={t('gateway.programs.key')}
            value={key.id}
            onChange={setChosenKey}
            options={keys.map(({ id, name, lastFour }) => ({ value: id, label: `${name} …${lastFour}` }))}
          />
        </div>
      )}
      <ForKey key={key.id} virtualKey={key} token={token} />
    </div>
  )
}

function ForKey({ virtualKey, token }: { virtualKey: VirtualKeyView; token: string | undefined }) {
  const { t } = useText()
  const gateway = useQuery(queryOf(readGateway))
  const models = useQuery(queryOf(listVirtualKeyModels, { params: { virtualKeyId: virtualKey.id } }))
  const [chosen, setChosen] = useState<string | null>(null)
  const failure = gateway.error ?? models.error
  if (failure) return <ErrorState problem={toApiProblem(failure)} onRetry={() => void Promise.all([gateway.refetch(), models.refetch()])} />
  if (!gateway.data || !models.data) return <FieldsSkeleton fields={2} />
  const chats = models.data.items.filter(({ kind }) => kind === 'chat')
  const model = chats.find(({ name }) => name === chosen) ?? usualModel(chats)
  if (!model) return <p className="text-ink-2">{t('gateway.programs.noModel')}</p>
  return (
    <>
      <div className="max-w-md">
        <Combobox
          label={t('gateway.programs.model')}
          help={t('gateway.programs.modelHelp')}
          value={model.name}
          onChange={setChosen}
          options={chats.map(({ name }) => ({ value: name, label: name }))}
        />
      </div>
      <SnippetTabs filling={{ ...gateway.data, key: token ?? PLACEHOLDER, model }} />
    </>
  )
}

function SnippetTabs({ filling }: { filling: Filling }) {
  const { t } = useText()
  const [group, setGroup] = useState<SnippetGroup>('curl')
  return (
    <Tabs
      label={t('gateway.programs.title')}
      value={group}
      onChange={setGroup}
      tabs={SNIPPET_GROUPS.map((value) => ({
        value,
        label: t(`gateway.programs.${value}`),
        content: <Snippets group={value} filling={filling} />,
      }))}
    />
  )
}

function Snippets({ group, filling }: { group: SnippetGroup; filling: Filling }) {
  const { t, language } = useText()
  const isServed = ({ endpoint }: { endpoint: string }): boolean => filling.model.endpoints.includes(endpoint)
  const others = new Set(SNIPPETS[group].filter((snippet) => !isServed(snippet)).map(({ title }) => title))
  return (
    <div className="flex flex-col gap-3">
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {SNIPPETS[group].filter(isServed).map(({ title, where, code }) => (
          <CodeBlock key={`${title} ${where}`} title={title} where={where} code={code(filling)} />
        ))}
      </div>
      {others.size > 0 && (
        <p className="text-table text-ink-2">
          {t('gateway.programs.notServed', { programs: new Intl.ListFormat(language).format(others), model: filling.model.name })}
        </p>
      )}
    </div>
  )
}
