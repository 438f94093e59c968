import { createElement, Fragment, type ReactNode, useMemo } from 'react'

/** Elements that a product's text is shown with: none that loads, links or runs. */
const SHOWN = new Set(
  [
    ['p', 'br', 'hr', 'div', 'span', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'code'],
    ['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup', 'a'],
    ['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
  ].flat(),
)
const EMPTY = new Set(['br', 'hr'])
/** Their content is no text for people. */
const LEFT_OUT = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg', 'math', 'textarea', 'select'])
/** Headings of a text are none of the page's. */
const SHOWN_AS: Readonly<Record<string, string>> = { h1: 'p', h2: 'p', h3: 'p', h4: 'p', h5: 'p', h6: 'p', a: 'span' }

/** A marked-up text as a reader sees it: read by the browser's parser into nothing that runs, and built anew from known elements. */
export function HtmlPreview({ html }: { html: string }) {
  const shown = useMemo(() => childrenOf(new DOMParser().parseFromString(html, 'text/html').body), [html])
  return <div className="prose-preview flex flex-col gap-2 break-words">{shown}</div>
}

const childrenOf = (node: Node): ReactNode[] =>
  Array.from(node.childNodes, (child, index) => <Fragment key={index}>{shownNode(child)}</Fragment>)

function shownNode(node: Node): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent
  if (!(node instanceof Element)) return null
  const name = node.localName
  if (LEFT_OUT.has(name)) return null
  if (!SHOWN.has(name)) return childrenOf(node)
  const className = /^h[1-6]$/.test(name) ? 'font-semibold' : LISTS[name]
  return createElement(SHOWN_AS[name] ?? name, className ? { className } : {}, ...(EMPTY.has(name) ? [] : [childrenOf(node)]))
}

const LISTS: Readonly<Record<string, string>> = { ul: 'list-disc ps-5', ol: 'list-decimal ps-5', th: 'pe-3 text-start', td: 'pe-3' }
