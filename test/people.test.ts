import { createOTP } from '@better-auth/utils/otp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as people from '../src/contract/people.ts'
import { ROLES } from '../src/contract/permissions.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestServer } from './support/server.ts'

describeOnEachEngine('people of a server', (on) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ on })
  })
  afterAll(() => server?.close())

  it('the first person claims it with the link, once', async () => {
    const visitor = server.visitor()
    expect(await visitor.call(people.readServer)).toMatchObject({ claimed: false })
    const person = { email: 'eve@example.com', password: 'long enough for all', workspaceName: 'Eve' }
    const wrong = await visitor.refused(people.claimServer, { body: { token: `lk_claim_${'x'.repeat(43)}`, ...person } })
    expect(wrong).toMatchObject({ code: 'claim.refused', status: 403 })
    const owner = await server.owner()
    const token = server.server.claimLink!.split('#')[1]!
    expect(await visitor.refused(people.claimServer, { body: { token, ...person } })).toMatchObject({ code: 'server.claimed' })
    expect(await visitor.call(people.readServer)).toMatchObject({ claimed: true })
    expect(await owner.call(people.readMe)).toMatchObject({
      user: { email: 'ada@example.com', name: 'Ada' },
      workspace: { name: 'Lamps' },
      role: 'owner',
    })
  })

  it('signing in and out; a wrong password and an unknown person are told the same', async () => {
    const { email, password } = await server.owner()
    const browser = server.visitor()
    const wrong = await browser.refused(people.signIn, { body: { email, password: 'wrong wrong wrong' } })
    const unknown = await browser.refused(people.signIn, { body: { email: 'noone@example.com', password } })
    expect({ ...wrong, requestId: '' }).toEqual({ ...unknown, requestId: '' })
    expect(await browser.refused(people.readMe)).toMatchObject({ code: 'session.missing', status: 401 })
    expect(await browser.call(people.signIn, { body: { email: email.toUpperCase(), password } })).toEqual({ secondFactor: false })
    expect(await browser.call(people.readMe)).toMatchObject({ user: { email }, workspace: { name: 'Lamps' } })
    const replay = browser
      .cookies()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    await browser.call(people.signOut)
    const replayed = await server.visitor().fetch('/api/v1/me', { headers: { cookie: replay } })
    expect(replayed.status).toBe(401)
  })

  it('a second factor is asked for once it is confirmed, a recovery code works once, and it can be switched off', async () => {
    const member = await server.member('editor')
    const { email, password } = member
    const { uri, recoveryCodes } = await member.call(people.startTwoFactor, { body: { password } })
    const before = server.visitor()
    expect(await before.call(people.signIn, { body: { email, password } })).toEqual({ secondFactor: false })
    expect(await member.refused(people.confirmTwoFactor, { body: { code: '000000' } })).toMatchObject({ code: 'signin.refused' })
    const secret = Buffer.from(decodeBase32(new URL(uri).searchParams.get('secret')!)).toString()
    const code = (): Promise<string> => createOTP(secret, { digits: 6, period: 30 }).totp()
    await member.call(people.confirmTwoFactor, { body: { code: await code() } })
    expect(await member.call(people.readMe)).toMatchObject({ user: { twoFactor: true } })

    const browser = server.visitor()
    expect(await browser.call(people.signIn, { body: { email, password } })).toEqual({ secondFactor: true })
    expect(await browser.refused(people.readMe)).toMatchObject({ status: 401 })
    expect(await browser.refused(people.verifySecondFactor, { body: { code: '000000' } })).toMatchObject({ status: 401 })
    await browser.call(people.verifySecondFactor, { body: { code: await code() } })
    expect(await browser.call(people.readMe)).toMatchObject({ user: { email } })

    for (const [attempt, status] of [200, 401].entries()) {
      const phone = server.visitor()
      await phone.call(people.signIn, { body: { email, password } })
      const answer = await phone.fetch('/api/v1/session/second-factor', {
        method: 'POST',
        body: JSON.stringify({ recoveryCode: recoveryCodes[0] }),
        headers: { 'content-type': 'application/json' },
      })
      expect({ attempt, status: answer.status }).toEqual({ attempt, status })
    }
    await browser.call(people.stopTwoFactor, { body: { password } })
    expect(await server.visitor().call(people.signIn, { body: { email, password } })).toEqual({ secondFactor: false })
  })

  it('wrong codes of someone who has no sign-in under way keep nobody else out', async () => {
    const member = await server.member('viewer')
    const { email, password } = member
    const { uri } = await member.call(people.startTwoFactor, { body: { password } })
    const secret = Buffer.from(decodeBase32(new URL(uri).searchParams.get('secret')!)).toString()
    const code = (): Promise<string> => createOTP(secret, { digits: 6, period: 30 }).totp()
    await member.call(people.confirmTwoFactor, { body: { code: await code() } })
    for (let attempt = 0; attempt < 12; attempt += 1)
      await server.visitor().refused(people.verifySecondFactor, { body: { code: '000000' } })
    const browser = server.visitor()
    await browser.call(people.signIn, { body: { email, password } })
    expect(await browser.call(people.verifySecondFactor, { body: { code: await code() } })).toEqual({ signedIn: true })
  })

  it('the current password of a session is not guessed for long', async () => {
    const member = await server.member('viewer')
    const guess = (): Promise<{ code: string }> => member.refused(people.stopTwoFactor, { body: { password: 'not this one either' } })
    for (let attempt = 0; attempt < 10; attempt += 1) await guess()
    expect(await guess()).toMatchObject({ status: 429, code: 'signin.too_many' })
  })

  it('a new password ends the other sessions; sessions are listed and ended one by one', async () => {
    const member = await server.member('viewer')
    const { email, password } = member
    const other = server.visitor()
    await other.call(people.signIn, { body: { email, password } })
    const { sessions } = await member.call(people.listSessions)
    expect(sessions.map(({ current }) => current).filter(Boolean)).toEqual([true])
    expect(sessions.length).toBe(2)
    await member.call(people.endSession, { params: { sessionId: sessions.find(({ current }) => !current)!.id } })
    expect(await other.refused(people.readMe)).toMatchObject({ status: 401 })
    await other.call(people.signIn, { body: { email, password } })
    const newPassword = 'another long password'
    expect(await member.refused(people.changePassword, { body: { currentPassword: 'not this one', newPassword } })).toMatchObject({
      code: 'password.refused',
    })
    await member.call(people.changePassword, { body: { currentPassword: password, newPassword } })
    expect(await other.refused(people.readMe)).toMatchObject({ status: 401 })
    expect(await member.call(people.readMe)).toMatchObject({ user: { email } })
    expect(await other.refused(people.signIn, { body: { email, password } })).toMatchObject({ code: 'signin.refused' })
  })

  it('an invitation works once, and owners are made and unmade by owners alone', async () => {
    const owner = await server.owner()
    const { link, invitation } = await owner.call(people.invite, { body: { as: 'admin', note: 'for Ben' } })
    const token = link.split('/join/')[1]!
    expect(link).toBe(`${server.url}/join/${token}`)
    const visitor = server.visitor()
    expect(await visitor.call(people.readInvitation, { body: { token } })).toMatchObject({
      workspaceName: 'Lamps',
      role: 'admin',
      signedInAs: null,
    })
    expect((await owner.call(people.listInvitations)).invitations.map(({ id }) => id)).toContain(invitation.id)
    expect(await visitor.refused(people.acceptInvitation, { body: { token } })).toMatchObject({ status: 401 })
    const person = { name: 'Ben', email: 'ben@example.com', password: 'a long password' }
    const joined = await visitor.call(people.acceptInvitation, { body: { token, person } })
    expect(joined).toMatchObject({ workspace: { name: 'Lamps' }, role: 'admin' })
    const second = { ...person, email: 'second@example.com' }
    expect(await server.visitor().refused(people.acceptInvitation, { body: { token, person: second } })).toMatchObject({
      code: 'invitation.missing',
      status: 404,
    })
    expect(await visitor.refused(people.invite, { body: { as: 'owner' } })).toMatchObject({ status: 403 })
    const { members } = await visitor.call(people.listMembers)
    const ada = members.find(({ email }) => email === 'ada@example.com')!
    const ben = members.find(({ you }) => you)!
    expect(await visitor.refused(people.changeMember, { params: { userId: ada.userId }, body: { newRole: 'viewer' } })).toMatchObject({
      status: 403,
    })
    expect(await visitor.refused(people.changeMember, { params: { userId: ben.userId }, body: { newRole: 'owner' } })).toMatchObject({
      status: 403,
    })
    expect(await owner.refused(people.changeMember, { params: { userId: ada.userId }, body: { newRole: 'admin' } })).toMatchObject({
      code: 'owner.last',
    })
    expect(await owner.refused(people.leaveWorkspace)).toMatchObject({ code: 'owner.last' })
    await owner.call(people.removeMember, { params: { userId: ben.userId } })
    expect(await visitor.refused(people.listMembers)).toMatchObject({ code: 'workspace.missing', status: 404 })
  })

  it('a token acts as its member: with the role of the moment, until it is revoked, and it makes no other tokens', async () => {
    const editor = await server.member('editor')
    const token = await editor.withToken()
    expect((await token.call(people.listMembers)).members.find(({ you }) => you)?.email).toBe(editor.email)
    expect(await token.refused(people.makeApiToken, { body: { name: 'more' } })).toMatchObject({ code: 'permission.denied' })
    expect(await token.refused(people.readMe)).toMatchObject({ code: 'permission.denied' })
    const [listed] = (await editor.call(people.listApiTokens)).tokens
    expect(await (await server.owner()).refused(people.revokeApiToken, { params: { tokenId: listed!.id } })).toMatchObject({ status: 404 })
    await editor.call(people.revokeApiToken, { params: { tokenId: listed!.id } })
    expect(await token.refused(people.listMembers)).toMatchObject({ code: 'session.missing', status: 401 })
  })

  it.each(ROLES)('%s may what the table says, and is told whom to ask', async (role) => {
    const client = role === 'owner' ? await server.owner() : await server.member(role)
    const response = await client.fetch('/api/v1/invitations')
    expect(response.status).toBe(role === 'owner' || role === 'admin' ? 200 : 403)
    if (response.status === 403)
      expect(await response.json()).toMatchObject({ detail: expect.stringContaining('owner or admin') as string })
  })

  it('stays signed in over a restart, and asks for no second claim', async () => {
    const owner = await server.owner()
    await server.restart()
    expect(server.server.claimLink).toBeUndefined()
    expect(await owner.call(people.readMe)).toMatchObject({ role: 'owner' })
  })
})

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
function decodeBase32(text: string): Uint8Array {
  const bits = Array.from(text.replace(/=+$/, ''), (letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Uint8Array.from(bits.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2))
}
