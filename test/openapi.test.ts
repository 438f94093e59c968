import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OpenApiDocument } from '../src/server/openapi.ts'
import { startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
let document: OpenApiDocument
beforeAll(async () => {
  server = await startTestServer()
  const response = await server.visitor().fetch('/api/openapi.json') // without sign-in
  expect(response.headers.get('content-type')).toBe('application/json')
  document = (await response.json()) as OpenApiDocument
})
afterAll(() => server?.close())

it('is OpenAPI 3.1 by its own schema, and every reference leads somewhere', async () => {
  const result = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>)
  expect(result).toMatchObject({ valid: true })
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!)
  expect(references.length).toBeGreaterThan(100)
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
  expect(references.filter((reference) => !known.includes(reference))).toEqual([])
})

it('has every route under its own id, with who may', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  const described = operations.map(({ operationId }) => operationId).toSorted()
  expect(described).toEqual(server.server.routes.map(({ route }) => route.id).toSorted())
  for (const { operationId, description, security, responses } of operations) {
    expect(description.length, operationId).toBeGreaterThan(10)
    expect(security.length === 0, operationId).toBe(description.startsWith('Anyone'))
    expect(Object.keys(responses), operationId).toContain('default')
  }
})

it('says of a key that it goes in, and nowhere that it comes out', () => {
  const add = JSON.stringify(document.paths['/api/v1/connections']!['post']!.requestBody)
  expect(add).toContain('Write-only')
  const answered = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ responses }) => responses))
  const text = JSON.stringify([answered, document.components.schemas])
  expect(text.match(/Write-only|sealed_?key|token_?hash|"password"/gi)).toBeNull()
})
