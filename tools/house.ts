/**
 * Which room may import which: house.md as a table, kept by tools/check-house.ts. A room imports rooms of lower floors that its
 * row names. `exceptions` are the few imports that this order forbids otherwise, each with its reason.
 */
export interface Room {
  readonly floor: number
  readonly imports: readonly string[]
  readonly exceptions?: readonly Exception[]
  /** Loaded by the browser too: nothing of Node. */
  readonly browserSafe?: true
}

export interface Exception {
  readonly room: string
  readonly typesOnly?: true
  readonly reason: string
}

const BASE = { room: 'base', reason: 'base imports nothing of ours, so nothing can come back: errors and secrets are words for every room' }

const FLOOR_1 = ['base', 'runtime', 'contract']
const FLOOR_2 = ['db', 'providers', 'prices', 'http', 'jobs']
const FLOOR_3 = ['vault', 'audit']
const FLOOR_4 = ['connections', 'assignments', 'ledger', 'people']
const FLOOR_6 = ['catalogue', 'knowledge']
const BELOW_RUNS = [...FLOOR_1, ...FLOOR_2, ...FLOOR_3, ...FLOOR_4, 'calls', ...FLOOR_6]
const BELOW_APPS = [...BELOW_RUNS, 'runs']

export const ROOMS: Readonly<Record<string, Room>> = {
  base: { floor: 1, imports: [], browserSafe: true },
  runtime: { floor: 1, imports: [], exceptions: [BASE] },
  contract: { floor: 1, imports: [], exceptions: [BASE], browserSafe: true },

  db: {
    floor: 2,
    imports: ['base', 'runtime'],
    exceptions: [
      {
        room: 'providers',
        typesOnly: true,
        reason: 'the types of jsonb columns (a destination) are declared by the room that writes them',
      },
      { room: 'prices', typesOnly: true, reason: 'the types of jsonb columns (a rate card) are declared by the room that reads them' },
      { room: 'contract', reason: 'the names of roles are those of the permission table' },
    ],
  },
  providers: { floor: 2, imports: ['base', 'runtime'] },
  prices: { floor: 2, imports: ['base', 'runtime'] },
  http: { floor: 2, imports: FLOOR_1 },
  jobs: { floor: 2, imports: ['base', 'runtime'], exceptions: [{ room: 'db', reason: 'the queue lives in the same database' }] },

  vault: { floor: 3, imports: ['base', 'runtime', 'db', 'providers'] },
  audit: { floor: 3, imports: ['base', 'runtime', 'contract', 'db', 'http'] },

  connections: { floor: 4, imports: [...FLOOR_1, ...FLOOR_2, ...FLOOR_3] },
  assignments: { floor: 4, imports: [...FLOOR_1, ...FLOOR_2, 'audit'] },
  ledger: { floor: 4, imports: [...FLOOR_1, ...FLOOR_2, 'audit'] },
  people: { floor: 4, imports: [...FLOOR_1, ...FLOOR_2, ...FLOOR_3] },

  calls: { floor: 5, imports: [...FLOOR_1, ...FLOOR_2, ...FLOOR_3, ...FLOOR_4] },

  catalogue: { floor: 6, imports: [...FLOOR_1, 'db', 'http', 'jobs', 'audit', 'ledger', 'people', 'calls'] },
  knowledge: { floor: 6, imports: [...FLOOR_1, 'db', 'http', 'jobs', 'audit', 'people', 'calls'] },

  runs: { floor: 7, imports: BELOW_RUNS },

  'apps/connection-checks': { floor: 8, imports: BELOW_APPS },
  'apps/gateway': { floor: 8, imports: BELOW_APPS },
  'apps/enrichment': { floor: 8, imports: BELOW_APPS },
  'apps/translation': { floor: 8, imports: BELOW_APPS },
  'apps/vision': { floor: 8, imports: BELOW_APPS },
  'apps/compliance': { floor: 8, imports: BELOW_APPS },
  'apps/copilot': { floor: 8, imports: BELOW_APPS },
  'apps/images': { floor: 8, imports: BELOW_APPS },
  'apps/chat': { floor: 8, imports: BELOW_APPS },
  'apps/automations': { floor: 8, imports: BELOW_APPS },

  server: { floor: 9, imports: [...BELOW_APPS, 'apps/*'] },
  cli: {
    floor: 9,
    imports: [...BELOW_APPS, 'apps/*'],
    exceptions: [{ room: 'server', reason: 'both start the same services, and one command starts the server' }],
  },

  web: { floor: 9, imports: ['base', 'contract'], browserSafe: true },
}

/** The doors of the path of a call, where a key is opened and where bytes leave, and who may stand there beside calls/. */
export const DOORS: Readonly<Record<string, Door>> = {
  'src/vault/open.ts': { rooms: ['vault', 'calls'], files: [] },
  'src/vault/record.ts': { rooms: ['vault'], files: [] }, // what open.ts is made of: a way around it
  'src/vault/keyring.ts': { rooms: ['vault'], files: [] },
  'src/providers/send.ts': {
    rooms: ['providers', 'calls'],
    files: [{ file: 'src/server/services.ts', reason: 'puts the services together and hands the sender to calls/' }],
  },
}

export interface Door {
  readonly rooms: readonly string[]
  readonly files: readonly { readonly file: string; readonly reason: string }[]
}

/** Where SQL text may be put together from strings (AUTH-4): everywhere else parameters are bound. */
export const RAW_SQL_ROOMS: readonly string[] = ['db']
