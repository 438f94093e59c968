import type { Problem } from '../../contract/problem.ts'

/** Why a request of the page failed: what the server said, or that it could not be reached. */
export class ApiProblem extends Error {
  /** One of the codes of docs/errors/, "unexpected", or "offline": the server was not reached. */
  readonly code: Problem['code'] | 'offline'
  /** Says what happened and what to do; empty when offline. */
  readonly detail: string
  /** 0: there was no answer. */
  readonly status: number
  readonly issues: NonNullable<Problem['issues']>
  readonly requestId: string | undefined
  constructor(problem: Omit<Problem, 'code' | 'type' | 'requestId'> & { code: Problem['code'] | 'offline'; requestId?: string }) {
    super(`${problem.code}: ${problem.detail}`)
    this.name = 'ApiProblem'
    this.code = problem.code
    this.detail = problem.detail
    this.status = problem.status
    this.issues = problem.issues ?? []
    this.requestId = problem.requestId
  }

  /** What is wrong with one input of the body, by its path: "name", "rules.0.family". */
  issue(path: string): string | undefined {
    return this.issues.find((issue) => issue.path === path || issue.path === `body.${path}`)?.message
  }
}

export const offline = () => new ApiProblem({ code: 'offline', detail: '', status: 0 })

/** Any failure as a problem, for the components that show one. */
export function toApiProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem({ code: 'unexpected', detail: '', status: 0 })
}

/** The problem in an answer that is not a success. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined)
  if (!isProblem(body)) return new ApiProblem({ code: 'unexpected', detail: '', status: response.status })
  return new ApiProblem(body)
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' && 'detail' in body
}
