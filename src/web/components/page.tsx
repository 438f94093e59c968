import { FlaskConical } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { useText } from '../messages/text.tsx'

export interface PageProps {
  title: string
  /** One sentence: what this place is for. */
  sentence?: ReactNode
  /** The main action, and others before it. Under 768 pixels it stays at the bottom of the screen. */
  action?: ReactNode
  children: ReactNode
}

/** Title, one sentence and the main action, then the work. Also the title of the browser's tab. */
export function Page({ title, sentence, action, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Latchkey`
  }, [title])
  return (
    <>
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 pb-5">
        <div className="min-w-0">
          <h1 className="text-title font-semibold">{title}</h1>
          {sentence !== undefined && <p className="mt-0.5 max-w-prose text-ink-2">{sentence}</p>}
        </div>
        {action !== undefined && (
          <div className="flex flex-wrap gap-2 max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-20 max-md:justify-end max-md:border-t max-md:border-line max-md:bg-surface max-md:px-4 max-md:py-2">
            {action}
          </div>
        )}
      </header>
      <div className={action === undefined ? '' : 'max-md:pb-36'}>{children}</div>
    </>
  )
}

export interface SectionProps {
  title: string
  sentence?: ReactNode
  action?: ReactNode
  children: ReactNode
}

/** A part of a page, with its own title. */
export function Section({ title, sentence, action, children }: SectionProps) {
  return (
    <section aria-label={title} className="mb-8">
      <div className="mb-3 flex flex-wrap items-start justify-between gap-3">
        <div>
          <h2 className="text-section font-semibold">{title}</h2>
          {sentence !== undefined && <p className="max-w-prose text-ink-2">{sentence}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  )
}

/** A sheet of paper with lines around it. */
export function Card({ children }: { children: ReactNode }) {
  return <div className="rounded-md border border-line bg-surface p-4">{children}</div>
}

export interface EmptyStateProps {
  icon?: ReactNode
  title: string
  /** What this place is for. */
  children?: ReactNode
  /** The one next step. */
  action?: ReactNode
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-md border border-line bg-surface px-4 py-14 text-center">
      {icon !== undefined && <span className="text-ink-3">{icon}</span>}
      <h2 className="text-section font-semibold">{title}</h2>
      {children !== undefined && <div className="max-w-prose text-ink-2">{children}</div>}
      {action !== undefined && <div className="mt-1 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

/** On every page that shows what the practice provider wrote. */
export function PracticeBand() {
  const { t } = useText()
  return (
    <p className="mb-4 flex items-center gap-2 rounded-md border border-information bg-information-tint px-3 py-1.5 text-information">
      <FlaskConical aria-hidden className="size-4 shrink-0" />
      <span>
        <strong className="font-semibold">{t('common.practice')}</strong> {t('common.practiceDetail')}
      </span>
    </p>
  )
}
