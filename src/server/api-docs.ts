import { escapeHtml, htmlPage } from './html.ts'
import type { Content, OpenApiDocument, Operation } from './openapi.ts'
import { anchorOfSchema, code, exampleOf, limitsText, schemaHtml, tableHtml, typeHtml } from './schema-html.ts'

/** An operation with its place in the document. */
interface PlacedOperation extends Operation {
  readonly method: string
  readonly path: string
}
type Schemas = OpenApiDocument['components']['schemas']

/**
 * The readable form of the API's own document: every route by area, who may, what it takes and gives, and a request to copy. One page
 * without scripts. Everything in it comes from the document and is escaped.
 */
export function apiDocs(document: OpenApiDocument): Response {
  const operations = operationsOf(document)
  const schemas = document.components.schemas
  const origin = document.servers[0].url
  const areas = [...Map.groupBy(operations, ({ tags }) => tags[0])]
  const { title, version } = document.info
  const main = [
    `<h1>${escapeHtml(title)} API</h1>`,
    `<p class="quiet">Version ${escapeHtml(version)}. The same as <a href="/api/openapi.json">OpenAPI 3.1</a>, for programs.</p>`,
    INTRODUCTION,
    ...areas.map(([area, ofArea]) => areaHtml(area, ofArea, { origin, schemas })),
    `<h2 id="schemas">Schemas</h2>`,
    ...Object.entries(schemas).map(
      ([name, schema]) => `<article id="${anchorOfSchema(name)}"><h3>${escapeHtml(name)}</h3>${schemaHtml(schema)}</article>`,
    ),
  ]
  return htmlPage({ title: 'API', main: main.join('\n'), nav: navigation(areas) })
}

const INTRODUCTION = `
<p>A program signs in with an API token, which acts as the member who made it, with the role that member has at that moment. Make one under
Account, API tokens, and send it with each request: <code>Authorization: Bearer lk_api_...</code></p>
<p>Bodies are JSON. A property that a route does not name is refused, not ignored. Money is a currency and an exact decimal in text; a cost
that nobody knows is null, which is not free. Lists come in pages: send <code>nextCursor</code> back as <code>cursor</code>. Instants are
ISO 8601 in UTC.</p>
<p>An error is <code>application/problem+json</code> (RFC 9457) with a stable <code>code</code>: <a href="/docs/errors">all codes</a>.</p>`

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] // in this order on the page

const operationsOf = ({ paths }: OpenApiDocument): PlacedOperation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      return operation ? [{ ...operation, method, path }] : []
    }),
  )

function navigation(areas: readonly (readonly [string, readonly PlacedOperation[]])[]): string {
  const ofArea = ([area, operations]: readonly [string, readonly PlacedOperation[]]): string => {
    const links = operations.map(({ operationId, summary }) => `<li><a href="#${anchor(operationId)}">${escapeHtml(summary)}</a></li>`)
    return `<details><summary>${escapeHtml(titleOf(area))}</summary><ul>${links.join('')}</ul></details>`
  }
  return `${areas.map(ofArea).join('')}<p><a href="#schemas">Schemas</a></p>`
}

const areaHtml = (area: string, operations: readonly PlacedOperation[], about: { origin: string; schemas: Schemas }): string =>
  `<h2 id="area-${encodeURIComponent(area)}">${escapeHtml(titleOf(area))}</h2>${operations.map((operation) => operationHtml(operation, about)).join('\n')}`

/** "apiTokens" -> "Api tokens". */
const titleOf = (area: string): string => {
  const words = area.replaceAll(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const anchor = (operationId: string): string => encodeURIComponent(operationId)

function operationHtml(operation: PlacedOperation, { origin, schemas }: { origin: string; schemas: Schemas }): string {
  const { method, path, operationId, summary, description, parameters = [], requestBody, responses } = operation
  const rows = parameters.map(({ name, in: place, required, schema }) => [
    `${code(name)}<span class="quiet"> ${place === 'path' ? 'in the path' : 'in the query'}${required ? '' : ', optional'}</span>`,
    typeHtml(schema),
    escapeHtml([schema.description, limitsText(schema)].filter(Boolean).join(' ')),
  ])
  const parts = [
    `<h3><span class="method">${method.toUpperCase()}</span> ${code(path)}</h3>`,
    `<p>${escapeHtml(summary)}</p><p class="quiet">${escapeHtml(description)}</p>`,
    rows.length > 0 ? `<h4>Parameters</h4>${tableHtml(['Name', 'Type', 'What it is'], rows)}` : '',
    requestBody ? `<h4>Body</h4>${contentHtml(requestBody.content)}` : '',
    ...Object.entries(responses).map(([status, response]) => responseHtml(status, response)),
    `<details><summary>Example</summary><pre><code>${escapeHtml(curlOf(operation, { origin, schemas }))}</code></pre></details>`,
  ]
  return `<article id="${anchor(operationId)}">${parts.join('')}</article>`
}

function responseHtml(status: string, { description, content }: { readonly description: string; readonly content?: Content }): string {
  if (status === 'default') return `<h4>Errors</h4><p>${escapeHtml(description)}. <a href="/docs/errors">The codes</a></p>`
  const body = content ? contentHtml(content) : '<p class="quiet">No body.</p>'
  return `<h4>Answer: ${escapeHtml(status)}</h4>${description === 'Done' ? '' : `<p class="quiet">${escapeHtml(description)}</p>`}${body}`
}

const contentHtml = (content: Content): string =>
  Object.entries(content)
    .map(([type, { schema }]) => `${type === 'application/json' ? '' : `<p class="quiet">${escapeHtml(type)}</p>`}${schemaHtml(schema)}`)
    .join('')

/** A request to paste into a shell: single quotes hold every value as it is. */
function curlOf(operation: PlacedOperation, { origin, schemas }: { origin: string; schemas: Schemas }): string {
  const { method, parameters = [], requestBody, responses, security } = operation
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name)
    return encodeURIComponent(String(exampleOf(parameter?.schema ?? { type: 'string' }, schemas)))
  })
  const query = new URLSearchParams(
    parameters
      .filter((parameter) => parameter.in === 'query' && parameter.required)
      .map(({ name, schema }): [string, string] => [name, String(exampleOf(schema, schemas))]),
  )
  const address = `${origin}${path}${query.size > 0 ? `?${query.toString()}` : ''}`
  const { 'application/json': json, 'application/octet-stream': bytes } = requestBody?.content ?? {}
  const streams = Object.values(responses).some(({ content }) => content?.['text/event-stream'])
  return [
    ['curl', ...(method === 'get' ? [] : ['-X', method.toUpperCase()]), ...(streams ? ['--no-buffer'] : []), quoted(address)].join(' '),
    ...(security.some((one) => 'token' in one) ? ['-H "Authorization: Bearer $LATCHKEY_TOKEN"'] : []),
    ...(json ? [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(exampleOf(json.schema, schemas)))}`] : []),
    ...(bytes ? [`-H 'Content-Type: application/octet-stream'`, `--data-binary @file.csv`] : []),
  ].join(' \\\n  ')
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
