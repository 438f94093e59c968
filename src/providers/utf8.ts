import { AppError } from '../base/errors.ts'

/**
 * Text from bytes as they arrive, characters split anywhere; called without bytes at the end.
 * @throws AppError provider.answer_malformed for what is not UTF-8.
 */
export function createUtf8Decoder(): (bytes?: Uint8Array) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return (bytes) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
    } catch {
      throw new AppError(
        'provider.answer_malformed',
        'The provider’s answer is not valid UTF-8. Try again; if it happens again, check the base URL.',
      )
    }
  }
}
