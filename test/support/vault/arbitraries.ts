import { createSecretKey, randomBytes } from 'node:crypto'
import { fc } from '@fast-check/vitest'
import type { Destination } from '../../../src/providers/provider.ts'
import type { SealContext } from '../../../src/vault/context.ts'
import type { VaultKey } from '../../../src/vault/record.ts'

const host = fc.constantFrom('api.example.com', 'gateway.example.org:8443', '127.0.0.1:11434', '[::1]:8080', 'bücher.example')
const segment = fc.stringMatching(/^[A-Za-z0-9_.~%-]{1,12}$/).filter((text) => !/%/.test(text) && !/^\.{1,2}$/.test(text))
const headerName = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/)
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => value.isWellFormed())
const optional = { requiredKeys: [] as [] }

export const arbitraryBaseUrl: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('https', 'http'), host, fc.array(segment, { maxLength: 4 }), fc.option(segment, { nil: undefined }), fc.boolean())
  .map(
    ([scheme, at, path, query, slash]) =>
      `${scheme}://${at}/${path.join('/')}${slash && path.length ? '/' : ''}${query ? `?q=${query}` : ''}`,
  )

export const arbitraryDestination: fc.Arbitrary<Destination> = fc
  .tuple(
    arbitraryBaseUrl,
    fc.record({ organization: text, project: text, region: text, apiVersion: text, deployment: text }, optional),
    fc.option(fc.dictionary(headerName, text, { maxKeys: 3, noNullPrototype: true }), { nil: undefined }),
  )
  .map(([baseUrl, fields, headers]) => Object.assign(fields, { baseUrl }, headers && { headers }))

export const arbitraryContext: fc.Arbitrary<SealContext> = fc
  .tuple(fc.uuid(), fc.uuid(), fc.uuid(), text, text, fc.nat(), text, arbitraryDestination)
  .map(([deploymentId, workspaceId, recordId, recordType, field, recordVersion, provider, destination]) => ({
    deploymentId,
    workspaceId,
    recordType,
    recordId,
    field,
    owner: { kind: 'workspace' as const, id: workspaceId },
    recordVersion,
    provider,
    destination,
  }))

/** What a key may look like: 1 to 200 printable characters. */
export const arbitraryKeyBytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ min: 0x21, max: 0x7e, minLength: 1, maxLength: 200 })

export function randomVaultKey(id = '018f0000-0000-7000-8000-000000000001'): VaultKey {
  return { id, key: createSecretKey(randomBytes(32)) }
}
