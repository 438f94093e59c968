import type { Tx } from '../db/database.ts'
import { auditEntries } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'

export interface AuditRecord {
  readonly workspaceId: string
  readonly actor: string // "command", "user:<id>", "token:<id>"
  readonly action: AuditAction
  readonly subject: string // "connection:<id>"
  readonly detail?: Readonly<Record<string, unknown>> // never a secret
}

export type AuditAction =
  | 'review.decided_all'
  | 'review.undone'
  | 'review.redone'
  | 'memory.rule_added'
  | 'memory.rule_changed'
  | 'workspace.created'
  | 'workspace.changed'
  | 'member.joined'
  | 'member.changed'
  | 'member.removed'
  | 'member.left'
  | 'invitation.made'
  | 'invitation.withdrawn'
  | 'token.made'
  | 'token.revoked'
  | 'virtual_key.made'
  | 'virtual_key.changed'
  | 'virtual_key.revoked'
  | 'connection.added'
  | 'connection.revoked'
  | 'connection.priced'
  | 'connection.changed'
  | 'connection.moved'
  | 'connection.tested'
  | 'models.tested'
  | 'connection.deleted'
  | 'key.tested'
  | 'model.pull_started'
  | 'model.pull_ended'
  | 'model.pulled'
  | 'budget.added'
  | 'budget.changed'
  | 'budget.removed'
  | 'budget.restored'
  | 'rate_limit.added'
  | 'rate_limit.changed'
  | 'rate_limit.removed'
  | 'rate_limit.restored'
  | 'assignment.changed'
  | 'context.added'
  | 'context.removed'
  | 'key.set'
  | 'key.replaced'
  | 'key.unreadable'
  | 'catalogue.imported'
  | 'catalogue.exported'
  | 'structure.changed'
  | 'structure.imported'
  | 'recipe.added'
  | 'recipe.changed'
  | 'recipe.deleted'
  | 'run.added'
  | 'run.started'
  | 'run.paused'
  | 'run.resumed'
  | 'run.cancelled'
  | 'run.retried'
  | 'run.cap_changed'
  | 'recipe.tried'

/** Writes what a person did in the same transaction as the deed. */
export async function recordAudit(tx: Tx, { workspaceId, actor, action, subject, detail = {} }: AuditRecord): Promise<void> {
  await tx.insert(auditEntries).values({ id: newId(), workspaceId, actor, action, subject, detail: { ...detail }, at: new Date() })
}
