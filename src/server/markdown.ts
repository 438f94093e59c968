import { Marked, type Tokens } from 'marked'
import { escapeHtml } from './html.ts'

/**
 * Markdown as HTML, of which only what Markdown itself makes is let through: HTML in it is shown as text, links lead to our own pages
 * or to https, images are their description. `folder`: where the pages beside this one are served. The pages are ours; this holds for whoever edits them next.
 */
export function renderMarkdown(text: string, folder: string): string {
  return markedFor(folder).parse(text, { async: false })
}

const markedFor = (folder: string) =>
  new Marked({
    gfm: true,
    renderer: {
      html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
      image: ({ text }: Tokens.Image) => escapeHtml(text),
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens)
        const target = allowed(href, folder)
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

/** "budget.exceeded.md" beside a page of errors is the page of that code here. */
function allowed(href: string, folder: string): string | undefined {
  const neighbour = /^(?:\.\/)?([\w.-]+)\.md$/.exec(href)
  if (neighbour) return neighbour[1] === 'README' ? folder : `${folder}/${neighbour[1]}`
  return /^(?:https:\/\/|#|\/(?![/\\]))/.test(href) ? href : undefined
}
