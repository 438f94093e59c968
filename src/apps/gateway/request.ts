import type { IncomingMessage } from 'node:http'
import { AppError } from '../../base/errors.ts'
import type { VirtualKey } from '../../people/virtual-keys.ts'
import type { Endpoint } from './endpoints.ts'
import { boundaryOf, readForm } from './form.ts'
import { readTopLevel, type TopLevel, valueOf } from './top-level.ts'

/** What a program asked, read as far as the gateway needs to know it. */
export interface GatewayRequest {
  readonly endpoint: Endpoint
  readonly key: VirtualKey
  readonly body: Uint8Array
  readonly top: TopLevel
  /** The model as the request names it. */
  readonly model: string
  readonly streams: boolean
  /** When it came; of `performance.now()`. */
  readonly receivedMs: number
  /** Aborts when the program is gone. */
  readonly left: AbortSignal
  /** Beta features of the dialect, handed on. */
  readonly headers: Readonly<Record<string, string>>
  /** The program asked for the receipt as the last line of a stream. */
  readonly wantsReceipt: boolean
}

/** Pictures travel inside; OpenAI and Anthropic take about as much. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024

/** The whole body. @throws AppError request.too_large, request.invalid. */
export async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const encoding = incoming.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw invalid('Send the body without a content-encoding.')
  if (Number(incoming.headers['content-length']) > MAX_REQUEST_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(invalid('The request broke off.'))
    incoming.on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (bytes > MAX_REQUEST_BYTES) {
        reject(tooLarge())
        incoming.pause()
      } else chunks.push(chunk)
    })
    incoming.once('end', () => {
      incoming.off('close', onClose)
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    incoming.once('error', reject)
    incoming.once('close', onClose)
  })
}

/** How long a program that was refused may go on sending, so that it reads why. */
const LINGER_MS = 5_000

/** What still comes of a refused request is thrown away; what never ends is hung up on. */
export function dropBody(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return
  incoming.removeAllListeners('data').resume()
  const hangUp = setTimeout(() => incoming.destroy(), LINGER_MS)
  incoming.once('close', () => clearTimeout(hangUp))
}

/** @throws AppError request.invalid for what is neither one JSON object nor a form, or has no model's name. */
export function readRequest(body: Uint8Array, contentType = 'application/json'): Pick<GatewayRequest, 'top' | 'model' | 'streams'> {
  const boundary = boundaryOf(contentType)
  const top = boundary === undefined ? readTopLevel(body) : readForm(body, boundary)
  if (!top) throw invalid(`The body is not one ${boundary === undefined ? 'JSON object' : 'form'}, or says the same thing twice.`)
  const model = valueOf(body, top, 'model')
  if (typeof model !== 'string' || model === '' || model.length > 300) {
    throw new AppError('request.invalid', 'Name a model in "model": "slug/model", a plain name, or "context:chat".', {
      issues: [{ path: 'model', message: 'a model’s name is missing' }],
    })
  }
  return { top, model, streams: valueOf(body, top, 'stream') === true }
}

const invalid = (detail: string): AppError => new AppError('request.invalid', detail)
const tooLarge = (): AppError => new AppError('request.too_large', 'The request is larger than 64 MiB. Send less at a time.')
