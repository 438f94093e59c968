import * as contract from '../contract/notices.ts'
import type { Database } from '../db/database.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { countUnread, type Notice, markRead, noticesOf } from './notices.ts'

const PAGE = 50

/** What a member should hear of. */
export function noticeRoutes({ database, clock }: { readonly database: Database; readonly clock: Clock }): HandledRoute[] {
  return [
    handle(contract.listNotices, ({ who: { workspaceId, userId }, query: { cursor } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const found = await noticesOf(tx, { userId, before: cursor, limit: PAGE + 1 })
        const items = found.slice(0, PAGE)
        return {
          items: items.map(noticeView),
          nextCursor: found.length > PAGE ? items.at(-1)!.id : null,
          unread: await countUnread(tx, userId),
        }
      }),
    ),
    handle(contract.readNotices, ({ who: { workspaceId, userId }, body: { ids } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        await markRead(tx, { userId, ids, now: clock.now() })
        return { unread: await countUnread(tx, userId) }
      }),
    ),
  ]
}

const noticeView = ({ id, kind, subject, text, createdAt, readAt, endedAt }: Notice) => ({
  id,
  kind,
  subject,
  text,
  createdAt: createdAt.toISOString(),
  readAt: readAt?.toISOString() ?? null,
  endedAt: endedAt?.toISOString() ?? null,
})
