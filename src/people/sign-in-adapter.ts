import { drizzleAdapter } from '@better-auth/drizzle-adapter'
import type { BetterAuthOptions, DBAdapter } from 'better-auth'
import type { Database, Tx } from '../db/database.ts'
import { accounts, sessions, twoFactors, users, verifications } from '../db/schema/index.ts'

const SCHEMA = { user: users, session: sessions, account: accounts, verification: verifications, twoFactor: twoFactors }
const REASON = 'signing in: people belong to no workspace'

/** better-auth's tables through our two ways to query: each of its operations is one transaction of the system's role. */
export function signInAdapter(database: Database): (options: BetterAuthOptions) => DBAdapter<BetterAuthOptions> {
  return (options) => {
    const within = (tx: Tx): DBAdapter<BetterAuthOptions> => drizzleAdapter(joinable(tx), { provider: 'pg', schema: SCHEMA })(options)
    const once = <K extends Operation>(operation: K): DBAdapter<BetterAuthOptions>[K] => {
      const run = (...args: unknown[]): unknown =>
        database.asSystem(REASON, (tx) => (within(tx)[operation] as (...given: unknown[]) => Promise<unknown>)(...args))
      return run as DBAdapter<BetterAuthOptions>[K]
    }
    return {
      id: 'latchkey',
      create: once('create'),
      findOne: once('findOne'),
      findMany: once('findMany'),
      count: once('count'),
      update: once('update'),
      updateMany: once('updateMany'),
      delete: once('delete'),
      deleteMany: once('deleteMany'),
      consumeOne: once('consumeOne'),
      incrementOne: once('incrementOne'),
      transaction: (work) => database.asSystem(REASON, (tx) => work(within(tx))),
      options: { adapterConfig: { adapterId: 'latchkey' } },
    }
  }
}

type Operation =
  | 'create'
  | 'findOne'
  | 'findMany'
  | 'count'
  | 'update'
  | 'updateMany'
  | 'delete'
  | 'deleteMany'
  | 'consumeOne'
  | 'incrementOne'

/** A transaction that is asked for inside one is that one. */
const joinable = (tx: Tx): Record<string, unknown> =>
  Object.create(tx, { transaction: { value: (work: (inner: Tx) => Promise<unknown>) => work(tx) } }) as Record<string, unknown>
