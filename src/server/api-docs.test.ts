import { expect, it } from 'vitest'
import { z } from 'zod'
import * as consumption from '../contract/consumption.ts'
import * as people from '../contract/people.ts'
import type { RouteContract } from '../contract/route.ts'
import { defineRoute, idOf } from '../contract/route.ts'
import { apiDocs } from './api-docs.ts'
import { type OpenApiDocument, openApiDocument } from './openapi.ts'

const isRoute = (value: unknown): value is RouteContract =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value
const routes = [...Object.values(consumption), ...Object.values(people)].filter((value) => isRoute(value))
const rendered = (document: OpenApiDocument): Promise<string> => apiDocs(document).text()

it('shows every route with its method, path, who may, parameters, answer, errors and a request to copy', async () => {
  const html = await rendered(openApiDocument(routes, 'http://localhost:4310'))
  for (const { id, method, path, summary } of routes) {
    const article = new RegExp(`<article id="${id}">(.*?)</article>`, 's').exec(html)?.[1]
    expect(article, id).toContain(`<span class="method">${method.toUpperCase()}</span> <code>${path}</code>`)
    expect(article, id).toContain(summary.replaceAll("'", '&#39;').replaceAll('"', '&#34;'))
    expect(article, id).toMatch(/<h4>Answer: 20\d<\/h4>/)
    expect(article, id).toContain('<h4>Errors</h4>')
    expect(article, id).toContain('curl')
  }
  const read = /<article id="consumption.read">(.*?)<\/article>/s.exec(html)![1]
  expect(read).toContain('Members whose role allows consumption.read.')
  expect(read).toContain('<code>connectionId</code>')
  expect(read).toContain('Without it: &#34;day&#34;.')
})

it('leads to nothing that is not there, and to no other host', async () => {
  const html = await rendered(openApiDocument(routes, 'http://localhost:4310'))
  const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!))
  const links = [...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1]!)
  expect(links.length).toBeGreaterThan(50)
  for (const link of links) {
    if (link.startsWith('#')) expect(anchors, link).toContain(link.slice(1))
    else expect(['/api/openapi.json', '/docs/errors']).toContain(link)
  }
  expect(html).not.toMatch(/<script|<img|<link|<iframe|\ssrc=|\son\w+=/i)
})

it('is allowed nothing but its own style', async () => {
  const answer = apiDocs(openApiDocument(routes, 'http://localhost:4310'))
  const policy = answer.headers.get('content-security-policy')!
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/)
  const style = /<style>(.*?)<\/style>/s.exec(await answer.text())![1]!
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style))).toString('base64')
  expect(policy).toContain(hash)
})

it('gives a request that a shell takes as it stands', async () => {
  const route = defineRoute({
    id: 'things.change',
    method: 'post',
    path: '/api/v1/things/{thingId}',
    summary: 'Changes a thing',
    needs: 'runs.write',
    params: z.strictObject({ thingId: idOf('thing') }),
    body: z.strictObject({ name: z.enum(["it's", 'b']), count: z.int().min(3), note: z.string().optional() }),
  })
  const html = await rendered(openApiDocument([route], 'http://localhost:4310'))
  const request = /<pre><code>(.*?)<\/code>/s
    .exec(html)![1]!
    .replaceAll(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)))
  expect(request).toBe(
    [
      `curl -X POST 'http://localhost:4310/api/v1/things/01a1f841-a81b-74f4-aafb-aa4f62cbc988' \\`,
      `  -H "Authorization: Bearer $LATCHKEY_TOKEN" \\`,
      `  -H 'Content-Type: application/json' \\`,
      `  -d '{"name":"it'\\''s","count":3}'`,
    ].join('\n'),
  )
})

/** Every text of the document, hostile; only where it says what kind of thing follows it stays as it is. */
function hostile(value: unknown, text: string): unknown {
  if (typeof value === 'string') return `${value}${text}`
  if (Array.isArray(value)) return value.map((one) => hostile(one, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === 'in' ? one : hostile(one, text)]))
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'-alert(1)-'",
  '</code></pre><svg onload=alert(1)>',
  '&lt;b&gt;',
  '\0<a href=javascript:alert(1)>',
]

it.each(HOSTILE)('shows every text as text: %j', async (text) => {
  const document = hostile(JSON.parse(JSON.stringify(openApiDocument(routes, 'http://localhost:4310'))), text) as OpenApiDocument
  const html = (await rendered(document)).replace(/<style>.*?<\/style>/s, '')
  for (const [tag, name, attributes] of html.matchAll(/<([a-z][a-z0-9]*)([^>]*)>/gi)) {
    expect(OURS, tag).toContain(name)
    expect(attributes, tag).toMatch(/^(?: (?:id|class|href|scope|lang|name|content|charset|aria-label)="[^"<>]*")*$/)
    expect(/ href="([^"]*)"/.exec(attributes!)?.[1] ?? '#', tag).toMatch(/^[#/]/)
  }
})
const OURS =
  'html head meta title body div nav main h1 h2 h3 h4 p a code pre span article table thead tbody tr th td details summary ul li'.split(' ')
