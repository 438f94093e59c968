import { useQuery } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { Building2, ChevronsUpDown, Menu as MenuIcon } from 'lucide-react'
import { readMonthConsumption } from '../../contract/consumption.ts'
import { queryOf } from '../api/query.ts'
import { Button, IconButton } from '../components/button.tsx'
import { useMoneyText } from '../support/money-text.ts'
import { Menu, MenuChoice } from '../components/menu.tsx'
import { sayProblem } from '../components/toast.tsx'
import { useText } from '../messages/text.tsx'
import { useMay, useMe } from '../support/me.ts'
import { useSession } from '../support/session.ts'
import { Notices } from './notices.tsx'
import { PaletteButton } from './palette-button.tsx'
import { PersonMenu } from './person-menu.tsx'

/** Workspace, command palette, what this month has cost, notices, person. */
export function TopBar({ onMenu }: { onMenu: (() => void) | undefined }) {
  const { t } = useText()
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-1.5 border-b border-line bg-surface px-2 md:gap-2 md:px-4 coarse:h-14">
      {onMenu && <IconButton label={t('shell.openRail')} icon={<MenuIcon aria-hidden className="size-5" />} onClick={onMenu} />}
      <WorkspaceSwitcher />
      <div className="flex min-w-0 flex-1 justify-end md:justify-center">
        <PaletteButton />
      </div>
      <MonthCost />
      <Notices />
      <PersonMenu />
    </header>
  )
}

function WorkspaceSwitcher() {
  const { t } = useText()
  const { workspace, workspaces } = useMe()
  const { goTo } = useSession()
  if (workspaces.length < 2) {
    return (
      <span className="flex min-w-0 items-center gap-2 px-2 font-medium">
        <Building2 aria-hidden className="size-4 shrink-0 text-ink-2" />
        <span className="max-w-40 truncate" title={workspace.name}>
          {workspace.name}
        </span>
      </span>
    )
  }
  return (
    <Menu
      align="start"
      trigger={
        <Button kind="quiet" aria-label={t('shell.switchWorkspace', { name: workspace.name })}>
          <span className="flex items-center gap-2">
            <Building2 aria-hidden className="size-4 shrink-0 text-ink-2" />
            <span className="max-w-28 truncate md:max-w-40" title={workspace.name}>
              {workspace.name}
            </span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-ink-2" />
          </span>
        </Button>
      }
    >
      <MenuChoice
        label={t('shell.workspaces')}
        value={workspace.id}
        options={workspaces.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(id) => void goTo(id).catch((error: unknown) => sayProblem(error, t))}
      />
    </Menu>
  )
}

const REFRESH_MS = 60_000

/** What this month has cost, each currency for itself, and how many calls nobody knows the cost of. */
function MonthCost() {
  const { t } = useText()
  const { money } = useMoneyText()
  const may = useMay('consumption.read')
  const { routesByPath } = useRouter()
  const { data } = useQuery({ ...queryOf(readMonthConsumption), enabled: may, refetchInterval: REFRESH_MS })
  if (!data) return null
  const { cost, unknownCostCalls } = data.figures
  const { currency } = cost[0] ?? { currency: 'USD' }
  const amount = cost.length === 0 ? money({ currency, amount: '0' }) : cost.map((one) => money(one)).join(' + ')
  const plus = unknownCostCalls > 0 ? t('shell.monthPlusUnknown', { count: unknownCostCalls }) : undefined
  const text = (
    <>
      <span className="sr-only">{t('shell.monthCost')}: </span>
      <bdi>{amount}</bdi>
      {plus && (
        <>
          <span aria-hidden>+?</span>
          <span className="sr-only">{plus}</span>
        </>
      )}
    </>
  )
  const look = 'tabular rounded-md px-2 py-1 whitespace-nowrap text-table max-[26rem]:hidden'
  const title = [t('shell.monthCost'), plus].filter(Boolean).join(' ')
  if (!Object.hasOwn(routesByPath, '/consumption')) {
    return (
      <span title={title} className={look}>
        {text}
      </span>
    )
  }
  return (
    <Link to="/consumption" title={title} className={`${look} hover:bg-sunken`}>
      {text}
    </Link>
  )
}
