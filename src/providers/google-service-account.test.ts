import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newServiceAccount } from '../../test/support/service-account.ts'
import type { ErrorCode } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { failureOf } from './failure.ts'
import { googleServiceAccount } from './google-service-account.ts'
import { createSender } from './send.ts'
import { vertex } from './vertex.ts'

const NOW = new Date('2026-11-20T12:00:00.900Z')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('the statement that a key file signs', () => {
  it('is a JWT of five minutes for Google’s token service, signed with the private key, which is not in it', () => {
    const account = newServiceAccount()
    const form = new URLSearchParams(googleServiceAccount.bodyFor(bytes(account.file), NOW))
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const at = Date.UTC(2026, 10, 20, 11, 59, 50) / 1_000
    expect(account.read(form.get('assertion')!)).toEqual({
      header: { alg: 'RS256', typ: 'JWT', kid: '0123456789abcdef' },
      claims: {
        iss: 'latchkey@my-project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        aud: 'https://oauth2.googleapis.com/token',
        iat: at,
        exp: at + 300,
      },
    })
    expect([...form.keys()]).toEqual(['grant_type', 'assertion'])
  })

  it('is for Google, whatever address the file names', () => {
    const account = newServiceAccount({ token_uri: 'https://evil.example/token', universe_domain: 'evil.example' })
    const form = new URLSearchParams(googleServiceAccount.bodyFor(bytes(account.file), NOW))
    expect(account.read(form.get('assertion')!)!.claims['aud']).toBe('https://oauth2.googleapis.com/token')
    expect(`${googleServiceAccount.baseUrl}${googleServiceAccount.path}`).toBe('https://oauth2.googleapis.com/token')
  })

  const notRsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  it.each([
    ['cut off', '{"type": "service_account", "private_key": "SEKRET'],
    ['of another kind', '{"type": "authorized_user", "refresh_token": "SEKRET"}'],
    ['without an address', JSON.stringify({ type: 'service_account', private_key: 'SEKRET' })],
    ['without a key', JSON.stringify({ type: 'service_account', client_email: 'SEKRET@x' })],
    ['with a broken key', newServiceAccount({ private_key: '-----BEGIN PRIVATE KEY-----\nSEKRET\n-----END PRIVATE KEY-----\n' }).file],
    ['with a key of another kind', newServiceAccount({ private_key: notRsa }).file],
  ])('a file that is %s is refused, and not repeated', (_, file) => {
    expect(() => googleServiceAccount.bodyFor(bytes(file), NOW)).toThrow(/^key\.invalid: (?!.*SEKRET)/s)
  })
})

describe('what Google’s token service says', () => {
  it('an access token is read with its life', () => {
    expect(googleServiceAccount.read({ access_token: 'ya29.x', expires_in: 3_599, token_type: 'Bearer' })).toEqual({
      token: 'Bearer ya29.x',
      lifetimeMs: 3_599_000,
    })
    for (const other of [
      {},
      '<html>',
      { access_token: '', expires_in: 1 },
      { access_token: 'x', expires_in: 0 },
      { access_token: 'x', expires_in: '9' },
    ])
      expect(googleServiceAccount.read(other)).toBeUndefined()
  })

  it.each<[number, unknown, ErrorCode, boolean]>([
    [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, 'provider.bad_key', false],
    [400, { error: 'invalid_grant', error_description: 'Invalid grant: account not found' }, 'provider.bad_key', false],
    [400, { error: 'invalid_grant', error_description: 'Robot is disabled.' }, 'provider.bad_key', false],
    [401, { error: 'invalid_client', error_description: 'The OAuth client was not found.' }, 'provider.bad_key', false],
    [
      400,
      {
        error: 'invalid_grant',
        error_description:
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      },
      'clock.skewed',
      false,
    ],
    [
      401,
      { error: 'unauthorized_client', error_description: 'Client is unauthorized to retrieve access tokens' },
      'provider.no_permission',
      false,
    ],
    [429, { error: 'rate_limit_exceeded' }, 'provider.rate_limited', true],
    [500, { error: 'internal_failure', error_description: 'Backend Error' }, 'provider.failed', true],
    [503, '<html>Service Unavailable</html>', 'provider.overloaded', true],
  ])('%i %j is %s', (status, body, code, retryable) => {
    const said = bytes(typeof body === 'string' ? body : JSON.stringify(body))
    expect(failureOf({ protocol: googleServiceAccount, status, headers: {}, bytes: said })).toMatchObject({ code, retryable })
  })
})

it('the file is never sent: what would put it into a header is refused before anything leaves', async () => {
  const sender = createSender({ privateHosts: new Set() })
  const key = new Secret(bytes(newServiceAccount().file.replaceAll('\n', '')))
  const request = { provider: vertex, destination: { baseUrl: vertex.baseUrl!, project: 'mine' }, method: 'GET', path: '/x', key } as const
  await expect(sender.send(request)).rejects.toMatchObject({ code: 'key.invalid', sent: 'no' })
  await sender.close()
})
