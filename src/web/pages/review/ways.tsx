import { Link } from '@tanstack/react-router'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import type { ReviewSearch } from './search.ts'

/** The two ways to review: each proposal for itself, or what changes alike together. Both keep what the person filtered by. */
export function Ways({ search, way }: { search: ReviewSearch; way: 'each' | 'groups' }) {
  const { t } = useText()
  const { change: _change, words: _words, sampleId: _sample, ...shared } = search
  const look = (own: boolean) =>
    cx(
      '-mb-px inline-flex shrink-0 items-center border-b-2 px-3 py-1.5 coarse:min-h-11',
      own ? 'border-brass font-medium text-ink' : 'border-transparent text-ink-2 hover:text-ink',
    )
  return (
    <nav aria-label={t('groups.ways.label')} className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
      <Link
        to="/review"
        search={way === 'each' ? search : shared}
        aria-current={way === 'each' ? 'page' : undefined}
        className={look(way === 'each')}
      >
        {t('groups.ways.each')}
      </Link>
      <Link to="/review/groups" search={shared} aria-current={way === 'groups' ? 'page' : undefined} className={look(way === 'groups')}>
        {t('groups.ways.groups')}
      </Link>
    </nav>
  )
}
