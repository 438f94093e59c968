import { useNavigate } from '@tanstack/react-router'
import { enterWorkspace, signOut, type Me } from '../../contract/people.ts'
import { believeWorkspace, callApi } from '../api/call.ts'
import { queryClient } from '../api/query.ts'
import { meQuery } from './me.ts'

/** Whoever was shown before is forgotten: nothing of one person or workspace is kept for the next. */
export function becomes(me: Me | undefined): void {
  queryClient.clear()
  believeWorkspace(me?.workspace?.id)
  if (me) queryClient.setQueryData(meQuery.queryKey, me)
}

export function useSession() {
  const navigate = useNavigate()
  return {
    /** After signing in, claiming or joining. `back`: a path of ours. */
    enter: async (me: Me, back?: string) => {
      becomes(me)
      await (back ? navigate({ href: back }) : navigate({ to: '/', replace: true }))
    },
    goTo: async (workspaceId: string) => {
      becomes(await callApi(enterWorkspace, { body: { workspace: workspaceId } }))
      await navigate({ to: '/' })
    },
    signOut: async () => {
      await callApi(signOut)
      becomes(undefined)
      await navigate({ to: '/sign-in' })
    },
  }
}
