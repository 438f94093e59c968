import { useMutation, useQuery } from '@tanstack/react-query'
import { FlaskRound, Square } from 'lucide-react'
import { useState } from 'react'
import { cancelProbes, type CardView, listCards, OPEN_CARD_STATES, watchProbes } from '../../../contract/behaviour.ts'
import { type ConnectionView, readConnection } from '../../../contract/connections.ts'
import { readMonthConsumption } from '../../../contract/consumption.ts'
import { callApi } from '../../api/call.ts'
import { useEvents } from '../../api/events.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryClient, queryOf } from '../../api/query.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNote, ErrorState } from '../../components/error-state.tsx'
import { Section } from '../../components/page.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { BehaviourCard } from './behaviour-card.tsx'
import { TestModels } from './test-models.tsx'

const isOpen = ({ state }: CardView): boolean => OPEN_CARD_STATES.includes(state)

/** What the models of a connection were found to do; and testing them, with what that costs shown first. */
export function TestedModels({ connection }: { connection: ConnectionView }) {
  const { t } = useText()
  const mayWrite = useMay('connections.write') && connection.status === 'active'
  const params = { connectionId: connection.id }
  const cards = useQuery(queryOf(listCards, { params }))
  const [testing, setTesting] = useState<readonly string[]>()
  const items = cards.data?.items ?? []
  const isUnderWay = items.some(isOpen)
  const { problem } = useEvents(watchProbes, isUnderWay ? { params } : null, {
    onEvent: (event) => {
      queryClient.setQueryData(queryOf(listCards, { params }).queryKey, event)
      if (!event.items.some(isOpen)) void invalidate(readConnection, readMonthConsumption)
    },
  })
  const cancel = useMutation({
    mutationFn: () => callApi(cancelProbes, { params }),
    onSuccess: (event) => queryClient.setQueryData(queryOf(listCards, { params }).queryKey, event),
  })
  const failure = problem ?? (cancel.error ? toApiProblem(cancel.error) : undefined)
  return (
    <Section
      title={t('tested.title')}
      sentence={t('tested.sentence')}
      action={
        !mayWrite ? undefined : isUnderWay ? (
          <Button busy={cancel.isPending} icon={<Square aria-hidden className="size-3.5" />} onClick={() => cancel.mutate()}>
            {t('tested.cancel')}
          </Button>
        ) : (
          <Button icon={<FlaskRound aria-hidden className="size-4" />} onClick={() => setTesting([])}>
            {t('tested.open')}
          </Button>
        )
      }
    >
      {failure && <ErrorNote problem={failure} />}
      {cards.error ? (
        <ErrorState problem={toApiProblem(cards.error)} onRetry={() => void cards.refetch()} />
      ) : !cards.data ? (
        <FieldsSkeleton fields={2} />
      ) : items.length === 0 ? (
        <p className="text-ink-2">{t('tested.none')}</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {items.map((card) => (
            <BehaviourCard key={card.model} card={card} {...(mayWrite && !isUnderWay ? { onAgain: () => setTesting([card.model]) } : {})} />
          ))}
        </ul>
      )}
      {testing && <TestModels connection={connection} first={testing} onClose={() => setTesting(undefined)} />}
    </Section>
  )
}
