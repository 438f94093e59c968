import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { KeySquare } from 'lucide-react'
import { useState } from 'react'
import { listConnections } from '../../../contract/connections.ts'
import { listVirtualKeys, readGateway, type VirtualKeyView } from '../../../contract/gateway.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Button, buttonClass } from '../../components/button.tsx'
import { CopyField } from '../../components/copy-field.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { EmptyState, Page, Section } from '../../components/page.tsx'
import { TableSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { CallSheet } from '../consumption/call-sheet.tsx'
import { useKeyLimits } from './key-limits.ts'
import { KeySheet } from './key-sheet.tsx'
import { KeyTable } from './key-table.tsx'
import { LatestCalls } from './latest-calls.tsx'
import { type MadeKey, MakeKey } from './make-key.tsx'
import { MadeKeyPanel } from './made-key.tsx'
import { Programs } from './programs.tsx'
import { RevokeKey } from './revoke-key.tsx'

const READ_EVERY_MS = 5_000

/** AI Services, Gateway: virtual keys, how programs are pointed at them, and the calls that come. */
export function GatewayPage() {
  const { t } = useText()
  const may = useMay('gateway.write')
  const search = useSearch({ from: '/shell/gateway' })
  const navigate = useNavigate({ from: '/gateway' })
  const go = (next: typeof search): void => void navigate({ search: next, resetScroll: false })
  const { data, error, isPending, refetch } = useQuery({ ...queryOf(listVirtualKeys), refetchInterval: READ_EVERY_MS })
  const limitsOf = useKeyLimits()
  const [made, setMade] = useState<MadeKey>()
  const [revoking, setRevoking] = useState<VirtualKeyView>()
  const open = data?.items.find(({ id }) => id === search.key)
  const lacksProvider = useLacksProvider()
  const make = (
    <Button kind={lacksProvider ? 'plain' : 'main'} onClick={() => go({ make: true })}>
      {t('gateway.make')}
    </Button>
  )
  return (
    <Page title={t('gateway.title')} sentence={t('gateway.sentence')} action={may && make}>
      {made && <MadeKeyPanel key={made.key.id} made={made} onKept={() => setMade(undefined)} onOpenCall={(call) => go({ call })} />}
      {isPending ? (
        <TableSkeleton rows={3} />
      ) : error ? (
        <ErrorState problem={toApiProblem(error)} onRetry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <NoKeys lacksProvider={lacksProvider} />
      ) : (
        <Section title={t('gateway.keys.title')} sentence={t('gateway.keys.sentence')}>
          <KeyTable keys={data.items} limitsOf={limitsOf} onOpen={({ id }) => go({ key: id })} onRevoke={setRevoking} />
        </Section>
      )}
      <LatestCalls hasKeys={data !== undefined && data.items.length > 0} onOpen={(call) => go({ call })} />
      {data && data.items.length > 0 && (
        <Section title={t('gateway.programs.title')} sentence={t('gateway.programs.sentence')}>
          <div className="flex flex-col gap-4">
            <BaseUrls />
            {!made && <Programs keys={usableFirst(data.items)} />}
          </div>
        </Section>
      )}
      {search.make && may && (
        <MakeKey
          onClose={() => go({})}
          onMade={(next) => {
            setMade(next)
            go({})
          }}
        />
      )}
      {open && (
        <KeySheet
          key={open.id}
          virtualKey={open}
          limits={limitsOf?.(open)}
          onClose={() => go({})}
          onRevoke={() => {
            go({})
            setRevoking(open)
          }}
        />
      )}
      {revoking && (
        <RevokeKey
          virtualKey={revoking}
          onClose={() => setRevoking(undefined)}
          onRevoked={() => setMade((kept) => (kept?.key.id === revoking.id ? undefined : kept))}
        />
      )}
      <CallSheet callId={search.call} onClose={() => go({})} />
    </Page>
  )
}

/** Those that work; where none does, all there are. */
function usableFirst(keys: readonly VirtualKeyView[]): readonly VirtualKeyView[] {
  const usable = keys.filter(({ expired, owner }) => !expired && !owner.left)
  return usable.length > 0 ? usable : keys
}

/** What the page is for, and the one next step: a provider first, then a key. */
function NoKeys({ lacksProvider }: { lacksProvider: boolean }) {
  const { t } = useText()
  const mayConnect = useMay('connections.write')
  return (
    <div className="mb-8">
      <EmptyState
        icon={<KeySquare aria-hidden className="size-8" />}
        title={t(lacksProvider ? 'gateway.empty.noProvider' : 'gateway.empty.title')}
        action={
          lacksProvider &&
          mayConnect && (
            <Link className={buttonClass({ kind: 'main' })} to="/providers" search={{ add: 'provider' }}>
              {t('gateway.empty.addProvider')}
            </Link>
          )
        }
      >
        {t(lacksProvider ? 'gateway.empty.noProviderDetail' : 'gateway.empty.detail')}
      </EmptyState>
    </div>
  )
}

function useLacksProvider(): boolean {
  const connections = useQuery(queryOf(listConnections)).data?.items
  return connections !== undefined && connections.every(({ status }) => status !== 'active')
}

function BaseUrls() {
  const { t } = useText()
  const { data } = useQuery(queryOf(readGateway))
  if (!data) return null
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <BaseUrl label={t('gateway.baseUrls.openAi')} value={data.openAiBaseUrl} />
      <BaseUrl label={t('gateway.baseUrls.anthropic')} value={data.anthropicBaseUrl} />
    </div>
  )
}

const BaseUrl = ({ label, value }: { label: string; value: string }) => (
  <div className="flex min-w-0 flex-col gap-1">
    <span className="font-medium">{label}</span>
    <CopyField label={label} value={value} />
  </div>
)
