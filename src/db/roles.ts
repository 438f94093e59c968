import { AppError } from '../base/errors.ts'
import { runTransaction, type Engine } from './session.ts'
import { sqlStateOf } from './statement-error.ts'

/** Sees the rows of the workspace that is set, and no other. */
export const WORKSPACE_ROLE = 'latchkey_workspace'
/** Sees all workspaces. */
export const SYSTEM_ROLE = 'latchkey_system'
const ROLES = [WORKSPACE_ROLE, SYSTEM_ROLE]
const ATTEMPTS = 10

interface RoleState {
  readonly login: string
  readonly missing: readonly string[] // roles that do not exist
  readonly closed: readonly string[] // roles that the login role may not take on
}

/**
 * Makes the two roles where they are missing and lets the login role take them on. Roles belong to the whole cluster,
 * so that several databases and several starting processes meet here: making what is there already is no failure.
 * @throws AppError database.unavailable with the SQL to run, when the login role may not make roles.
 */
export async function ensureRoles(engine: Engine): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const state = await readRoles(engine)
    if (state.missing.length === 0 && state.closed.length === 0) return
    try {
      for (const role of state.missing) await run(engine, `create role ${role} nologin`)
      for (const role of new Set([...state.missing, ...state.closed])) await run(engine, `grant ${role} to current_user`)
    } catch (error) {
      if (sqlStateOf(error) === '42501') throw mayNotMakeRoles(state, error)
      const meeting = ['42710', '23505', 'XX000', '40001'].includes(sqlStateOf(error) ?? '') // made by another, or at the same moment
      if (!meeting || attempt === ATTEMPTS) throw error
    }
  }
}

async function run(engine: Engine, statement: string): Promise<void> {
  await runTransaction(engine, 'BEGIN', (connection) => connection.query(statement))
}

async function readRoles(engine: Engine): Promise<RoleState> {
  return runTransaction(engine, 'BEGIN', async (connection) => {
    const { rows } = await connection.query({
      rowMode: 'array',
      text: `select current_user::text, rolname::text, pg_has_role(current_user, oid,
               case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
             from (values (1)) one left join pg_roles on rolname in ('${ROLES.join("','")}')`,
    })
    const known = rows as [string, string | null, boolean | null][]
    const open = known.filter(([, , may]) => may === true).map(([, role]) => role)
    const there = known.map(([, role]) => role)
    const missing = ROLES.filter((role) => !there.includes(role))
    return { login: known[0]![0], missing, closed: ROLES.filter((role) => !open.includes(role) && !missing.includes(role)) }
  })
}

function mayNotMakeRoles({ login, missing, closed }: RoleState, cause: unknown): AppError {
  const name = `"${login.replaceAll('"', '""')}"`
  const create = missing.map((role) => `CREATE ROLE ${role} NOLOGIN;`)
  const grant = [...missing, ...closed].map((role) => `GRANT ${role} TO ${name};`)
  const detail = `The database user ${login} may not make the roles that keep workspaces apart. Run this once as an administrator of the server, then start again: ${[...create, ...grant].join(' ')}`
  return new AppError('database.unavailable', detail, { cause })
}
