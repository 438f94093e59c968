import { and, desc, eq, gt } from 'drizzle-orm'
import { ERROR_STATUS, type ErrorCode } from '../../base/errors.ts'
import type { PullView } from '../../contract/local-models.ts'
import type { Tx } from '../../db/database.ts'
import { callIntents, ledgerEntries } from '../../db/schema/index.ts'
import { pullOrigin } from './pull.ts'

/** How long a pull that did not end well is spoken of. */
const SPOKEN_OF_MS = 7 * 86_400_000
const ENTRIES = 100

/**
 * What the ledger knows of a connection's pulls: those that another instance has in hand, and how the last one of each model ended
 * where it ended badly: of what went well the server's own list of models tells.
 */
export async function storedPulls(tx: Tx, { connectionId, now }: { connectionId: string; now: Date }): Promise<PullView[]> {
  const origin = pullOrigin(connectionId)
  const running = await tx
    .select({ model: callIntents.requestedModel, at: callIntents.intendedAt })
    .from(callIntents)
    .where(eq(callIntents.origin, origin))
  const entries = await tx
    .select({
      model: ledgerEntries.requestedModel,
      outcome: ledgerEntries.outcome,
      code: ledgerEntries.errorCode,
      at: ledgerEntries.intendedAt,
      endedAt: ledgerEntries.endedAt,
    })
    .from(ledgerEntries)
    .where(and(eq(ledgerEntries.origin, origin), gt(ledgerEntries.intendedAt, new Date(now.getTime() - SPOKEN_OF_MS))))
    .orderBy(desc(ledgerEntries.intendedAt))
    .limit(ENTRIES)
  const found = new Map<string, PullView>()
  for (const { model, at } of running)
    found.set(model, { ...NOTHING_KNOWN, model, state: 'running', elsewhere: true, startedAt: at.toISOString() })
  const ended = new Set<string>()
  for (const { model, outcome, code, at, endedAt } of entries) {
    if (found.has(model) || ended.has(model)) continue
    ended.add(model)
    if (outcome === 'succeeded') continue
    const state = outcome === 'cancelled' || outcome === 'interrupted' ? outcome : 'failed'
    const problem = state === 'failed' && code !== null ? { code, detail: detailOf(code) } : null
    found.set(model, { ...NOTHING_KNOWN, model, state, problem, startedAt: at.toISOString(), endedAt: endedAt.toISOString() })
  }
  return [...found.values()]
}

const NOTHING_KNOWN = {
  doing: null,
  totalBytes: null,
  completedBytes: null,
  bytesPerSecond: null,
  secondsLeft: null,
  problem: null,
  elsewhere: false,
  endedAt: null,
} as const

/** The words of that time are not kept: the code's page has them. */
const detailOf = (code: string): string => (isErrorCode(code) ? `It ended with ${code}.` : 'It failed.')

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_STATUS, code)
