import type { Destination } from '../providers/provider.ts'
import { canonicalDestination } from './destination.ts'
import { encodeFields } from './encoding.ts'

/** What a sealed secret is and where it belongs. A secret opens only with the very same context. */
export interface SealContext {
  readonly deploymentId: string
  readonly workspaceId: string
  readonly recordType: string // 'connection'
  readonly recordId: string
  readonly field: string // 'key'
  readonly owner: { readonly kind: 'workspace'; readonly id: string }
  readonly recordVersion: number // grows with each replacement, so that an old value put back does not open
  readonly provider: string
  readonly destination: Destination
}

/** @throws AppError destination.refused; RangeError for a field no record can have. */
export function encodeSealContext(context: SealContext): Buffer {
  const { owner, recordVersion } = context
  if (!Number.isSafeInteger(recordVersion) || recordVersion < 0) throw new RangeError('a record version is a whole number')
  return encodeFields([
    context.deploymentId,
    context.workspaceId,
    context.recordType,
    context.recordId,
    context.field,
    owner.kind,
    owner.id,
    String(recordVersion),
    context.provider,
    canonicalDestination(context.destination),
  ])
}

/** A workspace's data key as it is wrapped under the master key. */
export interface WrapContext {
  readonly deploymentId: string
  readonly workspaceId: string
  readonly dataKeyId: string
  readonly dataKeyVersion: number
}

export function encodeWrapContext({ deploymentId, workspaceId, dataKeyId, dataKeyVersion }: WrapContext): Buffer {
  return encodeFields([deploymentId, workspaceId, dataKeyId, String(dataKeyVersion), 'dek'])
}

/** The part of a connection that its key is sealed to, and what else names it. */
export interface KeyRecord {
  readonly id: string
  readonly provider: string
  readonly destination: Destination
  readonly keyVersion: number
}

/** The context of a connection's key. */
export function connectionKeyContext(deploymentId: string, workspaceId: string, record: KeyRecord): SealContext {
  return {
    deploymentId,
    workspaceId,
    recordType: 'connection',
    recordId: record.id,
    field: 'key',
    owner: { kind: 'workspace', id: workspaceId },
    recordVersion: record.keyVersion,
    provider: record.provider,
    destination: record.destination,
  }
}
