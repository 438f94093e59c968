import { readFileSync } from 'node:fs'
import { ERROR_STATUS } from '../base/errors.ts'
import { htmlPage } from './html.ts'
import { renderMarkdown } from './markdown.ts'

const FOLDER = new URL('../../docs/errors/', import.meta.url)

/** /docs/errors and /docs/errors/<code>: the pages of docs/errors/ for people who followed an error's link. Undefined: no such page. */
export function errorPage(pathname: string): Response | undefined {
  const match = /^\/docs\/errors(?:\/([\w.]+))?\/?$/.exec(pathname)
  if (!match) return undefined
  const code = match[1]
  if (code === undefined) return htmlPage({ title: 'Errors', main: renderMarkdown(read('README'), '/docs/errors') })
  if (!Object.hasOwn(ERROR_STATUS, code)) return undefined // nothing but codes leads to a file
  const status = ERROR_STATUS[code as keyof typeof ERROR_STATUS]
  const foot = `<p class="quiet">HTTP status ${status}. <a href="/docs/errors">All errors</a></p>`
  return htmlPage({ title: code, main: renderMarkdown(read(code), '/docs/errors') + foot })
}

const read = (name: string): string => readFileSync(new URL(`${name}.md`, FOLDER), 'utf8')
