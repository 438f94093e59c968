import { describe, expect, it } from 'vitest'
import { ERROR_STATUS } from '../base/errors.ts'
import { errorPage } from './error-pages.ts'
import { renderMarkdown } from './markdown.ts'

it.each(Object.keys(ERROR_STATUS))('%s has a page that says what happened, why and what to do', async (code) => {
  const html = await errorPage(`/docs/errors/${code}`)!.text()
  expect(html).toContain(`<h1>${code}</h1>`)
  expect([...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1])).toEqual(['What happened', 'Why', 'What to do'])
})

it('has an overview whose links all lead to a page', async () => {
  const html = await errorPage('/docs/errors')!.text()
  const links = [...html.matchAll(/href="\/docs\/errors\/([^"]+)"/g)].map((match) => match[1]!)
  expect(links.length).toBeGreaterThan(80)
  for (const link of links) expect(errorPage(`/docs/errors/${link}`), link).toBeDefined()
})

it.each([
  '/docs/errors/README',
  '/docs/errors/../../package.json',
  '/docs/errors/..%2f..%2fpackage',
  '/docs/errors/nothing.known',
  '/docs/errors/constructor',
  '/docs/vault',
  '/docs/errors/budget.exceeded/x',
])('gives no file for %s', (path) => {
  expect(errorPage(path)).toBeUndefined()
})

describe('markdown', () => {
  it.each([
    ['<script>alert(1)</script>'],
    ['text <img src=x onerror=alert(1)> text'],
    ['[a](javascript:alert(1))'],
    ['[a](JaVaScRiPt:alert(1))'],
    ['[a](data:text/html,<script>alert(1)</script>)'],
    ['[a](//evil.example)'],
    ['[a](http://evil.example)'],
    ['[a](https://x.example/"onmouseover="alert(1))'],
    ['<javascript:alert(1)>'],
    ['![x](https://evil.example/pixel.png)'],
    ['![" onerror="alert(1)](x)'],
    ['```"><script>\n</code></pre><script>alert(1)</script>\n```'],
    ['`<script>`'],
    ['# <svg onload=alert(1)>'],
    ['| <script> |\n|---|\n| <img src=x onerror=alert(1)> |'],
    ['[x]: javascript:alert(1)\n\n[a][x]'],
    ['<details open ontoggle=alert(1)>\n\ntext\n\n</details>'],
  ])('lets nothing through but what Markdown makes: %s', (text) => {
    const html = renderMarkdown(text, '/docs/errors')
    const tags = [...html.matchAll(/<(\/?[a-z][^>]*)>/gi)].map((match) => match[1]!)
    for (const tag of tags) {
      expect(tag).toMatch(
        /^\/?(?:h[1-6]|p|a|code|pre|strong|em|ul|ol|li|table|thead|tbody|tr|th|td|hr|br|blockquote|del)$|^\/div$|^div class="scrolls"$|^a href="(?:https:\/\/|#|\/(?!\/))[^"<>]*"$/,
      )
    }
  })

  it('keeps what it is for', () => {
    expect(renderMarkdown('Use `--cap` and **wait**; see [the budget](budget.exceeded.md).', '/docs/errors')).toBe(
      '<p>Use <code>--cap</code> and <strong>wait</strong>; see <a href="/docs/errors/budget.exceeded">the budget</a>.</p>\n',
    )
  })
})
