/** Every failure a caller can see, with its HTTP status (RFC 9110). Each code has a page in docs/errors/<code>.md. */
export const ERROR_STATUS = {
  // what the person typed or configured
  'command.invalid': 400,
  'command.running': 409,
  'config.invalid': 500,
  'recipe.invalid': 422,
  // requests to the server
  'request.invalid': 422,
  'request.too_large': 413,
  'parameter.refused': 400,
  'route.missing': 404,
  'host.refused': 421,
  'origin.refused': 403,
  // people
  'session.missing': 401,
  'session.wrong_workspace': 409,
  'session.unknown': 404,
  'session_key.invalid': 500,
  'signin.refused': 401,
  'signin.too_many': 429,
  'password.refused': 422,
  'account.exists': 409,
  'server.claimed': 409,
  'claim.refused': 403,
  'invitation.missing': 404,
  'permission.denied': 403,
  'workspace.missing': 404,
  'member.missing': 404,
  'owner.last': 409,
  'token.missing': 404,
  'virtual_key.missing': 404,
  'virtual_key.refused': 401,
  'virtual_key.changed': 409,
  'virtual_key.scope': 403,
  'model.unserved': 404,
  'model.ambiguous': 409,
  'person.missing': 404,
  // files
  'file.unreadable': 422,
  'file.malformed': 422,
  'file.refused': 422,
  'file.changed': 409,
  'file.unwritable': 500,
  // the catalogue
  'file.missing': 404,
  'source.missing': 404,
  'import.missing': 404,
  'import.running': 409,
  'picture.missing': 404,
  // the data folder and the database
  'data.locked': 409,
  'data.insecure': 500,
  // a command line and the server that holds its data folder
  'server.other_version': 409,
  'server.gone': 503,
  'database.unavailable': 503,
  'database.mismatch': 500,
  // the vault
  'masterkey.missing': 500,
  'masterkey.invalid': 500,
  'masterkey.mismatch': 500,
  'key.invalid': 422,
  'key.missing': 409,
  'key.unreadable': 500,
  'datakey.exhausted': 500,
  'clock.skewed': 500,
  // connections and assignments
  'provider.unknown': 404,
  'provider.does_not_serve': 422,
  'connection.revoked': 409,
  'connection.missing': 404,
  'destination.refused': 422,
  'header.refused': 422,
  'assignment.missing': 409,
  'key.required': 422,
  'connection.active': 409,
  'connection.changed': 409,
  'probe.running': 409,
  'probe.cost_not_agreed': 409,
  'slug.taken': 409,
  'assignment.changed': 409,
  'assignment.invalid': 422,
  'context.missing': 404,
  'context.exists': 409,
  // money
  'price.unknown': 409,
  'budget.exceeded': 429,
  'budget.missing': 404,
  'rate_limit.exceeded': 429,
  'rate_limit.missing': 404,
  // what a provider answered; the classifiers in providers/protocols/ give one of these
  'provider.bad_key': 401,
  'provider.no_permission': 403,
  'provider.no_credit': 402,
  'provider.rate_limited': 429,
  'provider.model_missing': 404,
  'provider.request_refused': 400,
  'provider.content_refused': 422,
  'provider.overloaded': 503,
  'provider.failed': 502,
  'provider.unreachable': 503,
  'provider.timeout': 504,
  'provider.redirected': 502,
  'provider.foreign_address': 502,
  'provider.answer_too_large': 502,
  'provider.answer_malformed': 502,
  'provider.cut_off': 502,
  // models that a server of one's own is to fetch
  'pull.missing': 404,
  'pull.no_space': 507,
  'pull.offline': 503,
  'pull.outdated': 409,
  'pull.refused': 422,
  'pull.running': 409,
  // generated output
  'output.invalid': 422,
  'output.missing': 422,
  // products and their values
  'product.missing': 404,
  'change.missing': 404,
  'value.changed': 409,
  'value.fixed': 422,
  'value.invalid': 422,
  // the model of a catalogue
  'structure.exists': 409,
  'structure.in_use': 409,
  'structure.invalid': 422,
  'structure.missing': 404,
  'sample.missing': 404,
  'correction.missing': 404,
  'rule.missing': 404,
  'rule.exists': 409,
  // calls
  'call.interrupted': 500,
  'call.missing': 404,
  'run.missing': 404,
  // recipes and runs
  'recipe.missing': 404,
  'recipe.changed': 409,
  'selection.empty': 422,
  'run.wrong_state': 409,
  'run.paused': 409,
  'run.canary_done': 409,
  'run.broken': 500,
  'notice.missing': 404,
  // batches at a provider's batch service
  'batch.unavailable': 409,
  'batch.refused': 422,
  'batch.expired': 504,
  'batch.cancelled': 409,
  'batch.answer_missing': 502,
  'batch.lost': 502,
  'batch.unreachable': 409,
} as const

export type ErrorCode = keyof typeof ERROR_STATUS

export interface ErrorIssue {
  readonly path: string // "body.fields.0.name"
  readonly message: string
}

/**
 * A failure with two texts. `detail` is shown to the caller and says what to do: never a key, a prompt or a
 * provider's raw answer. What is only for the log goes in `options.cause`.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly detail: string
  /** Which inputs are wrong, each by its path, where the form of one is. */
  readonly issues: readonly ErrorIssue[] | undefined
  constructor(code: ErrorCode, detail: string, { issues, ...options }: ErrorOptions & { issues?: readonly ErrorIssue[] } = {}) {
    super(`${code}: ${detail}`, options)
    this.name = 'AppError'
    this.code = code
    this.detail = detail
    this.issues = issues
  }
}

/** A revoked connection takes no key any more: what there is to do instead. */
export const connectionRevoked = (slug: string): AppError =>
  new AppError(
    'connection.revoked',
    `The connection "${slug}" was revoked: nothing goes over it any more. Choose another connection, or add the provider again with a new key.`,
  )

/** The code of a thrown value when it is one of ours. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof AppError ? error.code : undefined
}
