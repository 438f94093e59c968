import { AppError, type ErrorIssue, ERROR_STATUS } from '../base/errors.ts'
import type { Problem } from '../contract/problem.ts'

/** Inputs that are not in the form their route asks for, each by its path: "body.fields.0.name". */
export class InvalidRequest extends AppError {
  constructor(issues: readonly ErrorIssue[]) {
    const said = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
    const more = issues.length > 5 ? [`and ${issues.length - 5} more`] : []
    super('request.invalid', `The request is not in the form that this route takes. ${[...said, ...more].join('; ')}. See /api/docs.`, {
      issues,
    })
  }
}

/** Any thrown value as RFC 9457; of what we do not know nothing is said but that it is in the log. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (!(error instanceof AppError)) {
    const detail = `Something unexpected went wrong; nothing that was done before is lost. The server's log has it under ${requestId}.`
    return { type: 'about:blank', code: 'unexpected', status: 500, detail, requestId }
  }
  const { code, detail } = error
  const issues = error.issues ? { issues: error.issues.map((issue) => ({ ...issue })) } : {}
  return { type: `/docs/errors/${code}`, code, status: ERROR_STATUS[code], detail, ...issues, requestId }
}
