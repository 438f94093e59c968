import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bell } from 'lucide-react'
import { listNotices, readNotices, type NoticeView } from '../../contract/notices.ts'
import { callApi } from '../api/call.ts'
import { invalidates, queryOf } from '../api/query.ts'
import { Button } from '../components/button.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { Popover } from '../components/menu.tsx'
import { useText, type Translate } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { formatDay, formatMoment } from '../support/times.ts'

const REFRESH_MS = 30_000

/** What the person should hear of though no page shows it: runs that ended or paused, models that are shut down, budgets that are used. */
export function Notices() {
  const { t } = useText()
  const { data } = useQuery({ ...queryOf(listNotices), refetchInterval: REFRESH_MS })
  const markRead = useMutation({ mutationFn: () => callApi(readNotices, { body: {} }), onSuccess: invalidates(listNotices) })
  if (!data) return null
  const label = data.unread > 0 ? t('shell.notices.unread', { count: data.unread }) : t('shell.notices.title')
  return (
    <Popover
      title={t('shell.notices.title')}
      trigger={
        <button
          type="button"
          aria-label={label}
          title={label}
          className="relative inline-flex size-8 shrink-0 items-center justify-center rounded-md hover:bg-sunken coarse:size-11"
        >
          <Bell aria-hidden className="size-4" />
          {data.unread > 0 && (
            <span aria-hidden className="absolute inset-e-1 top-1 size-2 rounded-full bg-information coarse:inset-e-2.5 coarse:top-2.5" />
          )}
        </button>
      }
    >
      {data.items.length === 0 ? (
        <p className="max-w-72 text-ink-2">{t('shell.notices.none')}</p>
      ) : (
        <div className="flex w-80 max-w-full flex-col gap-2">
          <ul className="flex flex-col">
            {data.items.slice(0, 10).map((notice) => (
              <li key={notice.id} className={cx('border-t border-line py-2 first:border-0', notice.readAt === null && 'font-medium')}>
                <NoticeLine notice={notice} />
                <div className="text-small font-normal text-ink-2">
                  <RelativeTime at={notice.createdAt} />
                </div>
              </li>
            ))}
          </ul>
          {data.unread > 0 && (
            <Button small busy={markRead.isPending} onClick={() => markRead.mutate()}>
              {t('shell.notices.markRead')}
            </Button>
          )}
        </div>
      )}
    </Popover>
  )
}

function noticeText({ kind, subject, text, endedAt }: NoticeView, { t, language }: { t: Translate; language: string }): string {
  if (kind === 'run.finished') return t('shell.notices.runFinished', { name: text })
  if (kind === 'run.waits') return t('shell.notices.runWaits', { name: text })
  if (kind === 'run.paused') return t('shell.notices.runPaused', { name: text })
  if (kind === 'budget.used') return t('shell.notices.budgetUsed', { name: text, percent: Number(subject.split(':')[2]) })
  if (kind === 'model.shutdown') {
    const [, day = ''] = subject.split(':')
    return t('shell.notices.modelShutdown', { name: text, date: formatDay(`${day}T12:00:00Z`, language) })
  }
  if (kind === 'connection.failing') {
    if (endedAt === null) return t('shell.notices.connectionFailing', { name: text })
    return t('shell.notices.connectionWorksAgain', { name: text, time: formatMoment(endedAt, language) })
  }
  return text
}

function NoticeLine({ notice }: { notice: NoticeView }) {
  const { t, language } = useText()
  const [what, id] = notice.subject.split(':')
  const sentence = noticeText(notice, { t, language })
  if (what === 'model') {
    return (
      <Link to="/assignments" className="link">
        {sentence}
      </Link>
    )
  }
  if (what === 'connection' && id) {
    return (
      <Link to="/providers/$connectionId" params={{ connectionId: id }} className="link">
        {sentence}
      </Link>
    )
  }
  if (what === 'budget') {
    return (
      <Link to={`/budgets?budget=${id}` as '/'} className="link">
        {sentence}
      </Link>
    )
  }
  if (what !== 'run' || !id) return <span>{sentence}</span>
  return (
    <Link to={`/runs/${id}` as '/'} className="link">
      {sentence}
    </Link>
  )
}
