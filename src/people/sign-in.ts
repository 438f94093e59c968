import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { APIError } from 'better-auth/api'
import { hashPassword } from 'better-auth/crypto'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { and, eq, ne } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Database } from '../db/database.ts'
import { accounts, sessions, twoFactors, users } from '../db/schema/index.ts'
import type { Log } from '../runtime/log.ts'
import { newId } from '../runtime/ids.ts'
import { signInAdapter } from './sign-in-adapter.ts'

const DAY_SECONDS = 86_400
const APP_NAME = 'Latchkey'

/** A browser that is signed in, as its cookie says. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly activeWorkspaceId: string | null
}

/** An answer with the cookies that go with it. */
export interface WithCookies<T> {
  readonly value: T
  readonly headers: Headers
}

export type SignIn = ReturnType<typeof createSignIn>

/**
 * Signing in with better-auth, used as a library: its own routes are not mounted, so that ours are the only doors. Sessions are
 * rows, looked up at each request; a revoked one ends at once.
 */
export function createSignIn({ database, secret, origin, log }: { database: Database; secret: string; origin: string; log: Log }) {
  const auth = betterAuth({
    appName: APP_NAME,
    baseURL: origin,
    secret,
    database: signInAdapter(database),
    emailAndPassword: { enabled: true, autoSignIn: true, minPasswordLength: 12, maxPasswordLength: 128 },
    session: {
      expiresIn: 30 * DAY_SECONDS,
      updateAge: DAY_SECONDS / 24,
      cookieCache: { enabled: false },
      additionalFields: { activeWorkspaceId: { type: 'string', required: false, input: false } }, // read in the same look-up
    },
    plugins: [twoFactor({ issuer: APP_NAME })],
    advanced: {
      cookiePrefix: 'latchkey',
      useSecureCookies: origin.startsWith('https:'),
      database: { generateId: () => newId() },
    },
    rateLimit: { enabled: false }, // sign-in-limits.ts: these functions are not reached by requests of their own
    telemetry: { enabled: false },
    logger: { log: (_level, message) => log.debug({}, `better-auth: ${message}`) }, // its messages name no person and no secret
  } satisfies BetterAuthOptions)

  return {
    /** Makes a person and signs them in. The caller has checked that they may be made. @throws AppError account.exists */
    signUp: ({ name, email, password, headers }: { name: string; email: string; password: string; headers: Headers }) =>
      withCookies(auth.api.signUpEmail({ body: { name, email, password }, headers, returnHeaders: true }), ({ user }) => ({
        userId: user.id,
      })),

    /** `secondFactor`: the password was right, and a code is wanted. @throws AppError signin.refused, the same for every reason */
    signIn: ({ email, password, headers }: { email: string; password: string; headers: Headers }) =>
      withCookies(auth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true }), (response) => ({
        secondFactor: 'twoFactorRedirect' in response,
      })),

    verifyCode: ({ code, headers }: { code: string; headers: Headers }) =>
      withCookies(auth.api.verifyTOTP({ body: { code }, headers, returnHeaders: true }), () => undefined),

    verifyRecoveryCode: ({ code, headers }: { code: string; headers: Headers }) =>
      withCookies(auth.api.verifyBackupCode({ body: { code }, headers, returnHeaders: true }), () => undefined),

    signOut: (headers: Headers) => withCookies(auth.api.signOut({ headers, returnHeaders: true }), () => undefined),

    /** Who a request's cookie belongs to; undefined: nobody. */
    async session(headers: Headers): Promise<Session | undefined> {
      if (!headers.get('cookie')?.includes('latchkey.session_token')) return undefined
      const found = await auth.api.getSession({ headers })
      return found ? { id: found.session.id, userId: found.user.id, activeWorkspaceId: found.session.activeWorkspaceId ?? null } : undefined
    },

    changePassword: ({ currentPassword, newPassword, headers }: { currentPassword: string; newPassword: string; headers: Headers }) =>
      withCookies(
        auth.api.changePassword({ body: { currentPassword, newPassword, revokeOtherSessions: true }, headers, returnHeaders: true }),
        () => undefined,
      ),

    /** Begins a second factor; it counts after `confirmTwoFactor`. */
    startTwoFactor: ({ password, headers }: { password: string; headers: Headers }) =>
      withCookies(auth.api.enableTwoFactor({ body: { password, method: 'totp' }, headers, returnHeaders: true }), (response) => {
        if (!('totpURI' in response)) throw new Error('better-auth began no TOTP')
        return { uri: response.totpURI, recoveryCodes: response.backupCodes }
      }),

    confirmTwoFactor: ({ code, headers }: { code: string; headers: Headers }) =>
      withCookies(auth.api.verifyTOTP({ body: { code }, headers, returnHeaders: true }), () => undefined),

    stopTwoFactor: ({ password, headers }: { password: string; headers: Headers }) =>
      withCookies(auth.api.disableTwoFactor({ body: { password }, headers, returnHeaders: true }), () => undefined),

    renewRecoveryCodes: ({ password, headers }: { password: string; headers: Headers }) =>
      withCookies(auth.api.generateBackupCodes({ body: { password }, headers, returnHeaders: true }), ({ backupCodes }) => ({
        recoveryCodes: backupCodes,
      })),
  }
}

/** Sets a person's password without the old one and ends all their sessions: for the operator. `withoutSecondFactor` drops that too. */
export async function resetPassword(
  database: Database,
  { email, password, withoutSecondFactor }: { email: string; password: string; withoutSecondFactor: boolean },
): Promise<void> {
  const hash = await hashPassword(password)
  await database.asSystem('the operator resets a password', async (tx) => {
    const [user] = await tx.select({ id: users.id }).from(users).where(eq(users.email, email.toLowerCase()))
    if (!user) throw new AppError('person.missing', 'Nobody here signs in with this e-mail address.')
    await tx
      .update(accounts)
      .set({ password: hash, updatedAt: new Date() })
      .where(and(eq(accounts.userId, user.id), eq(accounts.providerId, 'credential')))
    await tx.delete(sessions).where(eq(sessions.userId, user.id))
    if (!withoutSecondFactor) return
    await tx.delete(twoFactors).where(eq(twoFactors.userId, user.id))
    await tx.update(users).set({ twoFactorEnabled: false }).where(eq(users.id, user.id))
  })
}

/** Ends sessions of a person: one, or all but one. @returns how many. */
export async function endSessions(database: Database, which: { userId: string; only?: string; except?: string }): Promise<number> {
  const { userId, only, except } = which
  const ended = await database.asSystem('a person ends their own sessions', (tx) =>
    tx
      .delete(sessions)
      .where(and(eq(sessions.userId, userId), only ? eq(sessions.id, only) : undefined, except ? ne(sessions.id, except) : undefined))
      .returning({ id: sessions.id }),
  )
  return ended.length
}

async function withCookies<R, T>(asked: Promise<{ headers: Headers; response: R }>, read: (response: R) => T): Promise<WithCookies<T>> {
  try {
    const { headers, response } = await asked
    return { value: read(response), headers }
  } catch (error) {
    if (error instanceof APIError) throw refusalOf(error)
    throw error
  }
}

const REFUSALS: Readonly<Record<string, AppError>> = {
  USER_ALREADY_EXISTS: new AppError(
    'account.exists',
    'Someone here signs in with this e-mail address already. Sign in, then open the link again.',
  ),
  PASSWORD_TOO_SHORT: new AppError('password.refused', 'The password needs at least 12 characters.'),
  PASSWORD_TOO_LONG: new AppError('password.refused', 'The password has at most 128 characters.'),
  INVALID_PASSWORD: new AppError('password.refused', 'The current password is not right.'),
  TOTP_ALREADY_ENABLED: new AppError('password.refused', 'A second factor is set up already. Switch it off first.'),
}

/** One answer for everything that can be wrong about signing in, so that nothing can be learned from it. */
function refusalOf({ body, cause }: APIError): AppError {
  const code = (body as { code?: string } | undefined)?.code ?? ''
  const known = Object.entries(REFUSALS).find(([name]) => code.startsWith(name))?.[1]
  if (known) return new AppError(known.code, known.detail, { cause })
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED' || code.startsWith('TOO_MANY'))
    return new AppError('signin.too_many', 'Too many wrong codes. Wait 15 minutes, then sign in again.')
  return new AppError('signin.refused', 'This did not work. Check the e-mail address and the password or code, and try again.')
}
