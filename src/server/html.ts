import { createHash } from 'node:crypto'
import { API_HEADERS } from './answer.ts'

/** Text as it may stand in HTML, in an attribute with quotes too. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`).replaceAll('\0', '\ufffd')

// Values of src/web/tokens.css: these pages stand without the built ones.
const STYLE = `
:root { color-scheme: light dark; --paper: light-dark(#faf9f7, #131210); --surface: light-dark(#fff, #1b1a18); --sunken: light-dark(#f2f0ec, #242320);
  --ink: light-dark(#1c1b19, #f1efea); --ink-2: light-dark(#4b4842, #c3bfb5); --line: light-dark(#e0ddd7, #35332f); --strong: light-dark(#8a857b, #827d73); }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/20px 'Inter Variable', system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 60rem; padding: 2rem 1rem 4rem; margin: 0 auto; }
.with-nav { display: grid; grid-template-columns: 16rem minmax(0, 1fr); max-width: 80rem; margin: 0 auto; }
.with-nav > nav { position: sticky; top: 0; align-self: start; max-height: 100dvh; overflow-y: auto; padding: 2rem 1rem; font-size: 13px; }
.with-nav > nav ul { list-style: none; margin: 0 0 .5rem; padding-inline-start: .75rem; }
.with-nav > nav a { text-decoration: none; }
.with-nav > main { margin: 0; }
@media (width < 48rem) { .with-nav { display: block; } .with-nav > nav { position: static; max-height: none; padding-bottom: 0; } }
h1 { font-size: 20px; line-height: 28px; } h2 { font-size: 16px; line-height: 24px; margin-top: 2.5rem; } h3 { font-size: 14px; margin: 0; } h4 { font-size: 13px; margin: 1rem 0 .25rem; }
a { color: inherit; text-decoration-color: var(--strong); text-underline-offset: 2px; }
a:hover { text-decoration-color: currentColor; } :focus-visible { outline: 2px solid light-dark(#9a701a, #dcab45); outline-offset: 2px; }
code, pre { font-family: 'JetBrains Mono Variable', ui-monospace, monospace; font-size: 12.5px; }
pre { background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow-x: auto; white-space: pre; overflow-wrap: normal; }
article { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 1rem; margin: 1rem 0; }
.method { display: inline-block; min-width: 4rem; font-weight: 600; } .quiet { color: var(--ink-2); } p { margin: .25rem 0; max-width: 45rem; }
.scrolls { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; line-height: 18px; }
th, td { text-align: start; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); } th { font-weight: 500; color: var(--ink-2); }
tr:last-child > td { border-bottom: 0; }
summary { cursor: pointer; margin-top: .75rem; font-weight: 500; font-size: 13px; }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** One page that needs nothing else: no script, no other file, no other host. `main` and `nav` are HTML already. */
export function htmlPage({ title, main, nav }: { title: string; main: string; nav?: string }): Response {
  const body =
    nav === undefined ? `<main>${main}</main>` : `<div class="with-nav"><nav aria-label="Contents">${nav}</nav><main>${main}</main></div>`
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} · Latchkey</title>`
  return new Response(`<!doctype html><html lang="en"><head>${head}<style>${STYLE}</style></head><body>${body}</body></html>`, {
    headers: {
      ...API_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  })
}
