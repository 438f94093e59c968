import { z } from 'zod'
import { ERROR_STATUS, type ErrorCode } from '../base/errors.ts'

/** An error as the API answers it (RFC 9457, application/problem+json). */
export const problem = z
  .strictObject({
    type: z.string().meta({ description: 'Where the error is explained: /docs/errors/<code>' }),
    code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]).or(z.literal('unexpected')),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened and what to do' }),
    /** Which inputs are wrong, when the request's form is. */
    issues: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof problem>
