import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newServiceAccount } from '../../test/support/service-account.ts'
import { type TestClock, testClock } from '../../test/support/clock.ts'
import { Secret } from '../base/secret.ts'
import type { ProviderAnswer } from '../providers/send.ts'
import { vertex } from '../providers/vertex.ts'
import type { Vault } from '../vault/vault.ts'
import { forgetAccessTokens, wipeAccessTokens, withAccessToken } from './access-token.ts'
import type { CallServices } from './services.ts'

const OWNER = { workspaceId: 'w', connectionId: 'c', keyVersion: 1 }
let file: Uint8Array
let clock: TestClock
let services: CallServices
let exchanges: number
let answer: () => Promise<Partial<ProviderAnswer>>

const said = (body: object, status = 200): Promise<Partial<ProviderAnswer>> =>
  Promise.resolve({ status, headers: {}, readAll: () => Promise.resolve(Buffer.from(JSON.stringify(body))) })

beforeAll(() => {
  file = new TextEncoder().encode(newServiceAccount().file)
})
beforeEach(() => {
  clock = testClock()
  exchanges = 0
  answer = () => said({ access_token: `token-${exchanges}`, expires_in: 3_599 })
  const send = () => {
    exchanges += 1
    return answer()
  }
  services = { clock, vault: {} as Vault, sender: { send, close: () => Promise.resolve() } } as unknown as CallServices
})

/** The token that a call gets, and the secret itself, which must be gone after it. */
async function use(change: { owner?: typeof OWNER | undefined; signal?: AbortSignal } = {}): Promise<{ text: string; secret: Secret }> {
  const request = { services, provider: vertex, key: new Secret(Uint8Array.from(file)), owner: OWNER, signal: new AbortController().signal }
  return withAccessToken({ ...request, ...change }, (secret) => Promise.resolve({ text: Buffer.from(secret.reveal()).toString(), secret }))
}
const text = async (change?: Parameters<typeof use>[0]): Promise<string> => (await use(change)).text

it('is kept for five minutes and not longer, though it would be good for an hour', async () => {
  expect(await text()).toBe('Bearer token-1')
  await clock.advance(4 * 60_000)
  expect(await text()).toBe('Bearer token-1')
  await clock.advance(60_001)
  expect(await text()).toBe('Bearer token-2')
})

it('is wiped where it was used, and the one that is kept is not', async () => {
  const { secret } = await use()
  expect(() => secret.reveal()).toThrow('wiped')
  expect(await text()).toBe('Bearer token-1')
})

it('belongs to a workspace’s connection and one version of its key; a key that is not saved keeps none', async () => {
  const owners = [OWNER, { ...OWNER, workspaceId: 'v' }, { ...OWNER, connectionId: 'd' }, { ...OWNER, keyVersion: 2 }, undefined, undefined]
  const tokens: string[] = []
  for (const owner of owners) tokens.push(await text({ owner }))
  expect(new Set(tokens).size).toBe(owners.length)
})

it('is forgotten when its connection’s key is gone, and all are when the server stops', async () => {
  const other = { ...OWNER, connectionId: 'd' }
  expect([await text(), await text({ owner: other })]).toEqual(['Bearer token-1', 'Bearer token-2'])
  forgetAccessTokens(services.vault, 'c')
  expect([await text(), await text({ owner: other })]).toEqual(['Bearer token-3', 'Bearer token-2'])
  wipeAccessTokens(services.vault)
  expect([await text(), await text({ owner: other })]).toEqual(['Bearer token-4', 'Bearer token-5'])
})

it('is asked for once by all that need it at one moment; a failure is told to all and kept for nobody', async () => {
  expect(await Promise.all([text(), text(), text()])).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1'])
  forgetAccessTokens(services.vault, 'c')
  answer = () => said({ error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, 400)
  const both = await Promise.allSettled([text(), text()])
  expect(both.map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : ''))).toEqual([
    'provider.bad_key',
    'provider.bad_key',
  ])
  expect(exchanges).toBe(2)
  answer = () => said({ access_token: 'good', expires_in: 3_599 })
  expect(await text()).toBe('Bearer good')
})

it('one who leaves while it is asked for leaves at once, and the others get it', async () => {
  const gate = Promise.withResolvers<void>()
  answer = () => gate.promise.then(() => said({ access_token: 'late', expires_in: 3_599 }))
  const leaving = new AbortController()
  const left = use({ signal: leaving.signal })
  const stays = text()
  leaving.abort()
  await expect(left).rejects.toMatchObject({ code: 'call.interrupted', sent: 'no' })
  gate.resolve()
  expect(await stays).toBe('Bearer late')
})

it('an answer that is no token is a failure that may pass', async () => {
  answer = () => said({ id_token: 'x' })
  await expect(use()).rejects.toMatchObject({ code: 'provider.answer_malformed', sent: 'no', retryable: true })
})
