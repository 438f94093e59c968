import {
  BookOpenText,
  ChartColumn,
  CirclePlay,
  Flag,
  GitCompareArrows,
  KeyRound,
  KeySquare,
  ListChecks,
  Package,
  Route,
  Settings,
  Shapes,
  Users,
  Wallet,
  type LucideIcon,
} from 'lucide-react'
import type { Action } from '../../contract/permissions.ts'
import type { TextKey } from '../messages/text.tsx'

export interface Place {
  to: string
  label: TextKey
  icon: LucideIcon
  /** Only for who may; everyone otherwise. */
  needs?: Action
}

/** The rail, group by group; the command palette knows the same places. A place without a page yet is left out. */
export const PLACES: readonly { group: TextKey; places: readonly Place[] }[] = [
  {
    group: 'shell.groups.work',
    places: [
      { to: '/', label: 'shell.places.start', icon: Flag },
      { to: '/catalogue', label: 'shell.places.catalogue', icon: Package, needs: 'catalogue.read' },
      { to: '/structure', label: 'shell.places.structure', icon: Shapes, needs: 'catalogue.read' },
      { to: '/recipes', label: 'shell.places.recipes', icon: BookOpenText, needs: 'recipes.read' },
      { to: '/runs', label: 'shell.places.runs', icon: CirclePlay, needs: 'runs.read' },
      { to: '/review', label: 'shell.places.review', icon: GitCompareArrows, needs: 'catalogue.read' },
    ],
  },
  {
    group: 'shell.groups.aiServices',
    places: [
      { to: '/providers', label: 'shell.places.providers', icon: KeyRound, needs: 'connections.read' },
      { to: '/assignments', label: 'shell.places.assignments', icon: Route, needs: 'assignments.read' },
      { to: '/gateway', label: 'shell.places.gateway', icon: KeySquare, needs: 'gateway.read' },
    ],
  },
  {
    group: 'shell.groups.metrics',
    places: [
      { to: '/consumption', label: 'shell.places.consumption', icon: ChartColumn, needs: 'consumption.read' },
      { to: '/budgets', label: 'shell.places.budgets', icon: Wallet, needs: 'budgets.read' },
    ],
  },
  {
    group: 'shell.groups.workspace',
    places: [
      { to: '/members', label: 'shell.places.members', icon: Users },
      { to: '/audit', label: 'shell.places.audit', icon: ListChecks, needs: 'audit.read' },
      { to: '/settings', label: 'shell.places.settings', icon: Settings },
    ],
  },
]
