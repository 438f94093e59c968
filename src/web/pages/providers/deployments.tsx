import { useMutation, useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useId, useState } from 'react'
import {
  changeConnection,
  type ConnectionView,
  listConnectionModels,
  listConnections,
  readConnection,
} from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'

interface Row {
  readonly id: number
  readonly name: string
  readonly model: string
}

let rows = 0
const newRow = (name = '', model = ''): Row => ({ id: (rows += 1), name, model })

/** Which model each deployment runs, where people give deployments names of their own. */
export function Deployments({ connection }: { connection: ConnectionView }) {
  const { t } = useText()
  const known = useId()
  const [list, setList] = useState(() => Object.entries(connection.models ?? {}).map(([name, model]) => newRow(name, model)))
  const params = { connectionId: connection.id }
  const models = useQuery(queryOf(listConnectionModels, { params, query: { source: 'price_book' } }))
  const save = useMutation({
    mutationFn: () => callApi(changeConnection, { params, body: { models: modelsOf(list) } }),
    onSuccess: async () => {
      await invalidate(readConnection, listConnections, listConnectionModels)
      say(t('common.saved'))
    },
  })
  const change = (id: number, part: Partial<Row>) => setList(list.map((row) => (row.id === id ? { ...row, ...part } : row)))
  const names = list.map(({ name }) => name.trim())
  const isTwice = (name: string): boolean => name.trim() !== '' && names.filter((other) => other === name.trim()).length > 1
  return (
    <Section title={t('providers.sections.deployments')} sentence={t('providers.deployments.sentence')}>
      <form
        className="flex max-w-2xl flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <datalist id={known}>
          {models.data?.items.map(({ id, standsFor }) => standsFor === null && <option key={id} value={id} />)}
        </datalist>
        {list.map((row) => (
          <fieldset
            key={row.id}
            className="grid items-start gap-2 border-t border-line pt-3 sm:grid-cols-[1fr_1fr_auto] sm:border-0 sm:pt-0"
          >
            <legend className="sr-only">{row.name || t('providers.deployments.name')}</legend>
            <TextInput
              label={t('providers.deployments.name')}
              required
              mono
              dir="ltr"
              autoComplete="off"
              spellCheck={false}
              value={row.name}
              onValueChange={(name: string) => change(row.id, { name })}
              error={isTwice(row.name) ? t('providers.deployments.twice') : undefined}
            />
            <TextInput
              label={t('providers.deployments.model')}
              required
              mono
              dir="ltr"
              list={known}
              autoComplete="off"
              spellCheck={false}
              value={row.model}
              onValueChange={(model: string) => change(row.id, { model })}
            />
            <div className="sm:mt-6">
              <IconButton
                label={t('providers.deployments.remove', { name: row.name })}
                icon={<Trash2 aria-hidden className="size-4" />}
                onClick={() => setList(list.filter(({ id }) => id !== row.id))}
              />
            </div>
          </fieldset>
        ))}
        {save.error && <ErrorNote problem={toApiProblem(save.error)} />}
        <div className="flex flex-wrap gap-2">
          <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setList([...list, newRow()])}>
            {t('providers.deployments.add')}
          </Button>
          {(list.length > 0 || connection.models !== null) && (
            <Button type="submit" busy={save.isPending} disabled={names.some(isTwice)}>
              {t('providers.deployments.save')}
            </Button>
          )}
        </div>
      </form>
    </Section>
  )
}

const modelsOf = (list: readonly Row[]): Record<string, string> | null =>
  list.length === 0 ? null : Object.fromEntries(list.map(({ name, model }) => [name.trim(), model.trim()]))
