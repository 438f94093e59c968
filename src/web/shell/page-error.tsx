import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { toApiProblem } from '../api/problem.ts'
import { ErrorState } from '../components/error-state.tsx'

/** A page that could not be shown. What was loaded before stays; trying again reads anew. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <ErrorState
      problem={toApiProblem(error)}
      onRetry={() => {
        reset()
        void router.invalidate()
      }}
    />
  )
}
