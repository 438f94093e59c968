import type { Database, Tx } from '../../src/db/database.ts'
import type { Connection } from '../../src/db/session.ts'

/** A part of a plan, as EXPLAIN (format json) gives it. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly Plans?: readonly PlanNode[]
}

export interface Explained {
  readonly statement: string
  readonly plan: PlanNode
}

/**
 * Runs `work` in a workspace, and has each of its statements explained before it runs: with its own parameters, under the role and
 * the row-level security that it runs under. `before` is run first (set local ...).
 */
export function explaining<T>(
  database: Database,
  workspaceId: string,
  { work, before }: { work: (tx: Tx) => Promise<T>; before?: (tx: Tx) => Promise<unknown> },
): Promise<{ value: T; explained: Explained[] }> {
  return database.inWorkspace(workspaceId, async (tx) => {
    await before?.(tx)
    const explained: Explained[] = []
    const session = (tx as unknown as { session: { client: Connection } }).session
    const { client } = session
    session.client = {
      async query(config, values = []) {
        const statement = typeof config === 'string' ? config : config.text
        if (/^\s*(?:select|with|insert|update|delete)\b/i.test(statement)) {
          const { rows } = await client.query({ text: `explain (format json) ${statement}` }, values)
          const [row] = rows as { 'QUERY PLAN': readonly [{ Plan: PlanNode }] }[]
          explained.push({ statement, plan: row!['QUERY PLAN'][0].Plan })
        }
        return client.query(config, values)
      },
    }
    try {
      return { value: await work(tx), explained }
    } finally {
      session.client = client
    }
  })
}

/** The tables that a plan reads from end to end. */
export function scannedTables(plan: PlanNode): string[] {
  const below = (plan.Plans ?? []).flatMap(scannedTables)
  return plan['Node Type'].endsWith('Seq Scan') ? [plan['Relation Name']!, ...below] : below
}
