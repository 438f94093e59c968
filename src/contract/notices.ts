import { z } from 'zod'
import { defineRoute, idOf, instant, pageOf } from './route.ts'

/**
 * Something a member should hear of though no page shows it now. `subject` is "run:<id>",
 * "model:<day>:<provider>/<model>" or "budget:<id>:<percent>"; `text` its own name.
 */
export const notice = z
  .strictObject({
    id: idOf('notice'),
    kind: z.string(),
    subject: z.string(),
    text: z.string(),
    createdAt: instant,
    readAt: instant.nullable(),
    endedAt: instant.nullable().meta({ description: 'When what it tells of was over; null: it lasts, or has no end' }),
  })
  .meta({ id: 'Notice' })
export type NoticeView = z.output<typeof notice>

export const listNotices = defineRoute({
  id: 'notices.list',
  method: 'get',
  path: '/api/v1/notices',
  summary: 'Your notices in this workspace, newest first, and how many are unread',
  needs: 'member',
  query: z.strictObject({ cursor: z.uuid().optional() }),
  answer: pageOf(notice).extend({ unread: z.int() }),
})

export const readNotices = defineRoute({
  id: 'notices.markRead',
  method: 'post',
  path: '/api/v1/notices/read',
  summary: 'Marks your notices as read: some, or all',
  needs: 'member',
  body: z.strictObject({ ids: z.array(idOf('notice')).max(100).optional().meta({ description: 'Absent: all' }) }),
  answer: z.strictObject({ unread: z.int() }),
})
