import { ExternalLink } from 'lucide-react'
import type { ProviderView } from '../../../contract/providers.ts'
import { useText } from '../../messages/text.tsx'

type PageName = keyof ProviderView['pages']

/** The provider's own pages: where keys are made, what was used, what is allowed; and ours about it. They open beside this one. */
export function ProviderLinks({ provider, only, ours = false }: { provider: ProviderView; only?: readonly PageName[]; ours?: boolean }) {
  const { t } = useText()
  const names = (only ?? (['keys', 'usage', 'limits', 'prices', 'docs'] as const)).filter((name) => provider.pages[name] !== null)
  const links = [
    ...names.map((name) => ({ name, href: provider.pages[name] ?? undefined })),
    ...(ours ? [{ name: 'latchkey' as const, href: `/docs/providers/${provider.id}` }] : []),
  ]
  if (links.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {links.map(({ name, href }) => (
        <li key={name}>
          <a className="link inline-flex items-center gap-1 coarse:min-h-11" href={href} target="_blank" rel="noreferrer">
            {t(`providers.pages.${name}`)}
            <ExternalLink aria-hidden className="size-3.5" />
          </a>
        </li>
      ))}
    </ul>
  )
}
