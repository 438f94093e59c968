import { readFileSync } from 'node:fs'
import { Marked, type Tokens } from 'marked'
import { ERROR_STATUS } from '../base/errors.ts'
import { escapeHtml, htmlPage } from './html.ts'

const FOLDER = new URL('../../docs/errors/', import.meta.url)

/** /docs/errors and /docs/errors/<code>: the pages of docs/errors/ for people who followed an error's link. Undefined: no such page. */
export function errorPage(pathname: string): Response | undefined {
  const match = /^\/docs\/errors(?:\/([\w.]+))?\/?$/.exec(pathname)
  if (!match) return undefined
  const code = match[1]
  if (code === undefined) return htmlPage({ title: 'Errors', main: renderMarkdown(read('README')) })
  if (!Object.hasOwn(ERROR_STATUS, code)) return undefined // nothing but codes leads to a file
  const status = ERROR_STATUS[code as keyof typeof ERROR_STATUS]
  const foot = `<p class="quiet">HTTP status ${status}. <a href="/docs/errors">All errors</a></p>`
  return htmlPage({ title: code, main: renderMarkdown(read(code)) + foot })
}

const read = (name: string): string => readFileSync(new URL(`${name}.md`, FOLDER), 'utf8')

/**
 * Markdown as HTML, of which only what Markdown itself makes is let through: HTML in it is shown as text, links lead to our own pages
 * or to https, images are their description. The pages are ours; this holds for whoever edits them next.
 */
export function renderMarkdown(text: string): string {
  return marked.parse(text, { async: false })
}

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
    image: ({ text }: Tokens.Image) => escapeHtml(text),
    link({ href, tokens }: Tokens.Link) {
      const inner = this.parser.parseInline(tokens)
      const target = allowed(href)
      return target === undefined ? inner : `<a href="${escapeHtml(target)}">${inner}</a>`
    },
    code: ({ text }: Tokens.Code) => `<pre><code>${escapeHtml(text)}</code></pre>`,
    table(token: Tokens.Table) {
      const row = (cells: readonly Tokens.TableCell[], tag: string): string =>
        `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`
      return `<div class="scrolls"><table><thead>${row(token.header, 'th')}</thead><tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`
    },
  },
})

/** "budget.exceeded.md" beside a page is the page of that code here. */
function allowed(href: string): string | undefined {
  const neighbour = /^(?:\.\/)?([\w.]+)\.md$/.exec(href)
  if (neighbour) return neighbour[1] === 'README' ? '/docs/errors' : `/docs/errors/${neighbour[1]}`
  return /^(?:https:\/\/|#|\/(?![/\\]))/.test(href) ? href : undefined
}
