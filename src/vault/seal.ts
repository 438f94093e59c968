import type { Secret } from '../base/secret.ts'
import { encodeSealContext, type SealContext } from './context.ts'
import { recordToText, sealRecord, type VaultKey } from './record.ts'

/**
 * Seals one secret under the workspace's data key, for one place: a value copied to another row, or a row pointed at
 * another destination, does not open.
 * @returns "lk1." and base64url, for a column (format v1, docs/vault.md).
 * @throws AppError destination.refused.
 */
export function seal({ secret, dataKey, context }: { secret: Secret; dataKey: VaultKey; context: SealContext }): string {
  return recordToText(sealRecord({ plaintext: secret.reveal(), key: dataKey, context: encodeSealContext(context) }))
}
