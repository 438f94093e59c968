import { Link } from '@tanstack/react-router'
import { useText } from '../messages/text.tsx'
import { cx } from '../support/cx.ts'
import { usePlaces } from './use-places.ts'

/** The places of the product. `small`: icons only, each with its name on hover. */
export function Rail({ small = false, onGo }: { small?: boolean; onGo?: () => void }) {
  const { t } = useText()
  return (
    <nav aria-label={t('shell.rail')} className="flex flex-col gap-4">
      {usePlaces().map(({ group, places }) => (
        <div key={group}>
          <h2 className={small ? 'sr-only' : 'px-2.5 pb-1 text-small font-medium text-ink-2'}>{t(group)}</h2>
          {small && <div aria-hidden className="mx-2 mb-2 border-t border-line first:hidden" />}
          <ul className="flex flex-col gap-px">
            {places.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  activeOptions={{ exact: to === '/' }}
                  title={small ? t(label) : undefined}
                  onClick={() => onGo?.()}
                  className={cx(
                    'flex min-h-8 items-center gap-2.5 rounded-md text-ink-2 hover:bg-sunken hover:text-ink aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-ink coarse:min-h-11',
                    small ? 'justify-center' : 'px-2.5',
                  )}
                >
                  <Icon aria-hidden className="size-4 shrink-0" />
                  <span className={small ? 'sr-only' : undefined}>{t(label)}</span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}
