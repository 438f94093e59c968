import type { Action } from '../../contract/permissions.ts'
import type { TextKey } from '../messages/text.tsx'
import { useMe } from '../support/me.ts'
import { may } from '../../contract/permissions.ts'
import type { Place } from './places.ts'

interface PaletteAction {
  label: TextKey
  /** A path with its search. */
  to: string
  needs: Action
}

/** What can be begun from the command palette. One line for each; it is offered where its page exists. */
const ACTIONS: readonly PaletteAction[] = [
  { label: 'shell.actions.bringFile', to: '/catalogue?import=file', needs: 'catalogue.write' },
  { label: 'shell.actions.enrich', to: '/catalogue', needs: 'runs.write' },
  { label: 'shell.actions.addProvider', to: '/providers?add=provider', needs: 'connections.write' },
  { label: 'shell.actions.makeKey', to: '/gateway?make=true', needs: 'gateway.write' },
  { label: 'shell.actions.invite', to: '/members?invite=true', needs: 'members.write' },
]

export function useActions(): readonly PaletteAction[] {
  const { role } = useMe()
  return ACTIONS.filter(({ needs }) => may(role, needs))
}

export const actionsOf = (groups: readonly { places: readonly Place[] }[], actions: readonly PaletteAction[]): readonly PaletteAction[] => {
  const paths = groups.flatMap(({ places }) => places.map(({ to }) => to))
  return actions.filter(({ to }) => paths.includes(to.split('?')[0]!))
}
