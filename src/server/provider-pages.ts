import { readFileSync } from 'node:fs'
import { providers } from '../providers/registry.ts'
import { htmlPage } from './html.ts'
import { renderMarkdown } from './markdown.ts'

const FOLDER = new URL('../../docs/providers/', import.meta.url)

/** /docs/providers and /docs/providers/<id>: what Latchkey knows of each provider, for people who add one. Undefined: no such page. */
export function providerPage(pathname: string): Response | undefined {
  const match = /^\/docs\/providers(?:\/([\w-]+))?\/?$/.exec(pathname)
  if (!match) return undefined
  const id = match[1]
  if (id === undefined) return htmlPage({ title: 'Providers', main: render('README') })
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined // nothing but a provider's id leads to a file
  if (!provider) return undefined
  return htmlPage({ title: provider.name, main: `${render(id)}<p class="quiet"><a href="/docs/providers">All providers</a></p>` })
}

const render = (name: string): string => renderMarkdown(readFileSync(new URL(`${name}.md`, FOLDER), 'utf8'), '/docs/providers')
