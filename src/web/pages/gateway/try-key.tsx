import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listLatestCalls, listVirtualKeyModels, readVirtualKeyTrial } from '../../../contract/gateway.ts'
import { toApiProblem } from '../../api/problem.ts'
import { invalidate, queryOf } from '../../api/query.ts'
import { Badge, Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Money, useMoneyText } from '../../components/figures.tsx'
import { useText } from '../../messages/text.tsx'
import { isFree } from '../../support/numbers.ts'
import { askGateway, type GatewayReply } from './ask-gateway.ts'
import type { MadeKey } from './make-key.tsx'
import { usualModel } from './programs.tsx'

/** One small call with a key whose token is still known: through the gateway, as any program would make it, for the price on the button. */
export function TryKey({ made: { token, key }, onOpenCall }: { made: MadeKey; onOpenCall: (callId: string) => void }) {
  const { t } = useText()
  const { money } = useMoneyText()
  const virtualKeyId = key.id
  const model = usualModel(useQuery(queryOf(listVirtualKeyModels, { params: { virtualKeyId } })).data?.items ?? [])?.name
  const trial = useQuery({
    ...queryOf(readVirtualKeyTrial, { params: { virtualKeyId }, query: { model: model ?? '' } }),
    enabled: model !== undefined,
  })
  const [busy, setBusy] = useState(false)
  const [reply, setReply] = useState<GatewayReply>()
  if (model === undefined) return null
  if (trial.error) return <ErrorState problem={toApiProblem(trial.error)} onRetry={() => void trial.refetch()} />
  if (!trial.data) return null
  const { path, body, atMost, practice } = trial.data
  const price =
    atMost === null ? t('common.priceUnknown') : isFree(atMost) ? t('common.free') : t('gateway.try.atMost', { amount: money(atMost) })
  const ask = async (): Promise<void> => {
    setBusy(true)
    setReply(await askGateway({ path, body, token }))
    setBusy(false)
    await invalidate(listLatestCalls)
  }
  return (
    <div className="flex flex-col items-start gap-3">
      <Button busy={busy} price={price} onClick={() => void ask()}>
        {t('gateway.try.action', { model })}
      </Button>
      {reply && (
        <div role="status" className="w-full">
          {reply.kind === 'answered' ? (
            <Answer reply={reply} practice={practice} onOpenCall={onOpenCall} />
          ) : (
            <Note meaning="failing">
              <p>{reply.kind === 'offline' ? t('gateway.try.offline') : t('gateway.try.refused', { status: reply.status })}</p>
              {reply.kind === 'refused' && <p dir="auto">{reply.message}</p>}
            </Note>
          )}
        </div>
      )}
    </div>
  )
}

function Answer({
  reply: { text, cost, connection, model, callId },
  practice,
  onOpenCall,
}: {
  reply: Extract<GatewayReply, { kind: 'answered' }>
  practice: boolean
  onOpenCall: (callId: string) => void
}) {
  const { t } = useText()
  return (
    <div className="flex flex-col gap-2 rounded-md border border-line bg-surface p-3">
      <p className="flex flex-wrap items-center gap-2 text-table text-ink-2">
        <Badge meaning="good">{t('gateway.try.answered')}</Badge>
        {practice && <Badge meaning="information">{t('common.practice')}</Badge>}
        <bdi className="font-mono">{[connection, model].filter((part) => part !== null).join('/')}</bdi>
        <Money of={cost} />
        {callId !== null && (
          <button type="button" className="link" onClick={() => onOpenCall(callId)}>
            {t('gateway.try.open')}
          </button>
        )}
      </p>
      {text === '' ? <p className="text-ink-2">{t('gateway.try.noText')}</p> : <blockquote dir="auto">{text}</blockquote>}
    </div>
  )
}
