import { useRouter } from '@tanstack/react-router'
import { may } from '../../contract/permissions.ts'
import { useMe } from '../support/me.ts'
import { PLACES } from './places.ts'

/** The places that have a page and that this person may see. */
export function usePlaces() {
  const { role } = useMe()
  const { routesByPath } = useRouter()
  return PLACES.map(({ group, places }) => ({
    group,
    places: places.filter(({ to, needs }) => Object.hasOwn(routesByPath, to) && (needs === undefined || may(role, needs))),
  })).filter(({ places }) => places.length > 0)
}
