import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { objectOf, textOf } from '../base/json.ts'
import type { AccessToken, KeyExchange } from './key-exchange.ts'
import { parseJson } from './parse-json.ts'
import { classify, type ErrorRule } from './protocols/classify.ts'

const BASE_URL = 'https://oauth2.googleapis.com'
const PATH = '/token'
/** What Vertex AI asks for; which project and which work are allowed is decided by the account's roles. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const STATEMENT_LASTS_S = 300
/** A clock that is a little ahead of Google's must not say what Google takes for the future. */
const BACKDATED_S = 10
const BRACE = 0x7b

/**
 * The key of a Google service account, as its JSON file: signs a statement (a JWT, RS256) and gets an access token of an hour
 * for it. The private key does not leave. The file's own `token_uri` is not read: the statement goes to Google's address.
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#httprest, https://datatracker.ietf.org/doc/html/rfc7523
 */
export const googleServiceAccount: KeyExchange = {
  baseUrl: BASE_URL,
  path: PATH,
  isFor: (key) => key[0] === BRACE,
  bodyFor: (key, now) => {
    const issuedAt = Math.floor(now.getTime() / 1_000) - BACKDATED_S
    const { account, keyId, privateKey } = accountFrom(key)
    const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) }
    const claims = { iss: account, scope: SCOPE, aud: BASE_URL + PATH, iat: issuedAt, exp: issuedAt + STATEMENT_LASTS_S }
    const said = `${encoded(header)}.${encoded(claims)}`
    const signature = sign('RSA-SHA256', Buffer.from(said), privateKey).toString('base64url')
    return `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=${said}.${signature}`
  },
  read,
  classifyError: (answer) => {
    const body = objectOf(answer.body)
    // RFC 6749, 5.2: the code and the words stand beside each other, not inside "error"
    const words = { code: body?.['error'], message: body?.['error_description'] }
    const failure = classify(body && textOf(body['error']) ? { ...answer, body: { error: words } } : answer, RULES)
    const isClock = failure.code === 'clock.skewed'
    return isClock ? { ...failure, detail: CLOCK } : failure.code === 'provider.bad_key' ? { ...failure, detail: BAD_ACCOUNT } : failure
  },
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

interface Account {
  readonly account: string // its e-mail address
  readonly keyId: string | undefined
  readonly privateKey: KeyObject
}

/** @throws AppError key.invalid. What a library says of a bad key is left out: it may hold some of it. */
function accountFrom(key: Uint8Array): Account {
  let file: Readonly<Record<string, unknown>> | undefined
  try {
    file = objectOf(parseJson(key))
  } catch {
    throw invalid('It is no JSON')
  }
  if (file?.['type'] !== 'service_account') throw invalid('Its "type" is not "service_account"')
  const account = textOf(file['client_email'])
  const pem = textOf(file['private_key'])
  if (account === undefined || pem === undefined) throw invalid('It has no "client_email" or no "private_key"')
  try {
    const privateKey = createPrivateKey(pem)
    if (privateKey.asymmetricKeyType === 'rsa') return { account, keyId: textOf(file['private_key_id']), privateKey }
  } catch {
    // said below
  }
  throw invalid('Its "private_key" is no RSA key')
}

const invalid = (why: string): AppError =>
  new AppError('key.invalid', `This is not the key file of a Google service account. ${why}. Paste the whole file as Google gave it.`)

function read(answer: unknown): AccessToken | undefined {
  const body = objectOf(answer)
  const token = textOf(body?.['access_token'])
  const lifetimeS = body?.['expires_in']
  if (token === undefined || typeof lifetimeS !== 'number' || !(lifetimeS > 0)) return undefined
  return { token: `Bearer ${token}`, lifetimeMs: Math.floor(lifetimeS * 1_000) }
}

/** What Google's token service says, read from the words: its codes do not tell a wrong clock from a deleted account. */
const RULES: readonly ErrorRule[] = [
  ({ message }) => (/reasonable timeframe|check your iat and exp/i.test(message) ? 'clock.skewed' : undefined),
  ({ code }) =>
    code === 'invalid_grant' || code === 'invalid_client' || code === 'disabled_client' || code === 'account_disabled'
      ? 'provider.bad_key' // "Invalid JWT Signature.", "account not found", "Robot is disabled."
      : undefined,
  ({ code }) =>
    code === 'unauthorized_client' || code === 'access_denied' || code === 'invalid_scope' ? 'provider.no_permission' : undefined,
]

const CLOCK =
  'Google says that this server’s clock is wrong: a signed statement holds for minutes only. Set the clock (NTP), then try again.'
const BAD_ACCOUNT =
  'Google does not accept the service account’s key: it was deleted or replaced, or the account is disabled. Make a new key file and replace it in the connection.'
