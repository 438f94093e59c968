import { useSuspenseQuery } from '@tanstack/react-query'
import { may, type Action } from '../../contract/permissions.ts'
import { readMe, type Me } from '../../contract/people.ts'
import { queryOf } from '../api/query.ts'

export const meQuery = queryOf(readMe)

/** A person in a workspace, as every page inside the shell sees them. */
export type Here = Me & { workspace: NonNullable<Me['workspace']>; role: NonNullable<Me['role']> }

/** Who is signed in, and where. Inside the shell only: it shows no page to anyone else. */
export const useMe = (): Here => useSuspenseQuery(meQuery).data as Here

/** Whether this person may: asked before a button is shown, from the table that the routes read. */
export function useMay(action: Action): boolean {
  const { role } = useMe()
  return may(role, action)
}
