import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { changeConnection, type ConnectionView, listConnections, readConnection } from '../../../contract/connections.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { ContextChoice } from './context-choice.tsx'

/** What a connection is called, and which contexts it may serve: nothing that touches its key. */
export function NamesAndLimits({ connection }: { connection: ConnectionView }) {
  const { t } = useText()
  const [label, setLabel] = useState(connection.label)
  const [slug, setSlug] = useState(connection.slug)
  const [contexts, setContexts] = useState(connection.contexts)
  const save = useMutation({
    mutationFn: () => callApi(changeConnection, { params: { connectionId: connection.id }, body: { label, slug, contexts } }),
    onSuccess: async () => {
      await invalidate(readConnection, listConnections)
      say(t('common.saved'))
    },
  })
  const problem = save.error ? toApiProblem(save.error) : undefined
  return (
    <Section title={t('providers.sections.names')}>
      <form
        className="flex max-w-lg flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <TextInput
          label={t('providers.label.label')}
          required
          maxLength={80}
          value={label}
          onValueChange={setLabel}
          error={problem?.issue('label')}
        />
        <TextInput
          label={t('providers.slug')}
          help={t('providers.slugHelp')}
          required
          mono
          dir="ltr"
          maxLength={60}
          value={slug}
          onValueChange={setSlug}
          error={problem?.issue('slug') ?? (problem?.code === 'slug.taken' ? problem.detail : undefined)}
        />
        <ContextChoice value={contexts} onChange={setContexts} />
        {problem && problem.issues.length === 0 && problem.code !== 'slug.taken' && <ErrorNote problem={problem} />}
        <div>
          <Button type="submit" busy={save.isPending} disabled={contexts?.length === 0}>
            {t('providers.saveNames')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
