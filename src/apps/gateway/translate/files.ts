import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider'
import type { Abilities } from './abilities.ts'
import { malformed } from './read.ts'
import type { ParameterReport } from './report.ts'

/** A picture or document of a message, before it is known whether the provider takes it so. */
export type FileSource =
  | { readonly kind: 'data'; readonly mediaType: string; readonly base64: string }
  /** Fetched by the provider, never by us. */
  | { readonly kind: 'url'; readonly mediaType: 'image/*' | 'application/pdf'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string }

export interface FilePlace {
  readonly abilities: Abilities
  readonly report: ParameterReport
  /** In the report ("messages.image") and in the error ("messages[0].content[1]"). */
  readonly parameter: string
  readonly path: string
  readonly title?: string | undefined
}

/** The part that carries it; undefined when it is refused, which the report says. */
export function filePart(source: FileSource, place: FilePlace): LanguageModelV4FilePart | LanguageModelV4TextPart | undefined {
  const { abilities, report, parameter, path, title } = place
  if (source.kind === 'text') return textPart(source.text, place)
  const problem = problemOf(source, abilities)
  if (problem !== undefined) {
    report.refused(parameter, problem, path)
    return undefined
  }
  report.mapped(parameter)
  const named = title === undefined ? {} : { filename: title }
  if (source.kind === 'url') return { type: 'file', mediaType: source.mediaType, data: { type: 'url', url: new URL(source.url) }, ...named }
  if (source.mediaType.startsWith('text/')) return textPart(Buffer.from(source.base64, 'base64').toString('utf8'), place)
  return { type: 'file', mediaType: source.mediaType, data: { type: 'data', data: source.base64 }, ...named }
}

function problemOf(source: Exclude<FileSource, { kind: 'text' }>, abilities: Abilities): string | undefined {
  const kind = source.mediaType.split('/')[0]
  if (source.kind === 'url') {
    const takes = kind === 'image' ? abilities.pictures === 'url' : abilities.pdf === 'url'
    return takes ? undefined : 'this provider fetches no addresses: send the file as data.'
  }
  if (kind === 'image' || kind === 'text') return undefined
  if (source.mediaType === 'application/pdf') return abilities.pdf === 'none' ? 'this provider reads no PDF.' : undefined
  if (kind === 'audio') return abilities.audio ? undefined : 'this provider hears no sound.'
  return 'only pictures, PDF, texts and sound are translated.'
}

function textPart(text: string, { abilities, report, parameter, title }: FilePlace): LanguageModelV4FilePart | LanguageModelV4TextPart {
  if (abilities.textDocuments) {
    report.mapped(parameter)
    return { type: 'file', mediaType: 'text/plain', data: { type: 'text', text }, ...(title === undefined ? {} : { filename: title }) }
  }
  report.mapped(parameter, 'as text of the message')
  return { type: 'text', text: title === undefined ? text : `${title}\n\n${text}` }
}

/** An address: `data:` with its content, or one that the provider fetches. @throws AppError request.invalid for anything else. */
export function sourceOf(address: string, path: string, mediaType: 'image/*' | 'application/pdf'): FileSource {
  if (address.startsWith('data:')) return dataOf(address, path)
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw malformed(path, 'an https: or data: address')
  return { kind: 'url', url: address, mediaType }
}

function dataOf(address: string, path: string): FileSource {
  const comma = address.indexOf(',')
  const [mediaType = '', ...parameters] = address.slice('data:'.length, Math.max(comma, 0)).toLowerCase().split(';')
  if (comma < 0 || parameters.at(-1) !== 'base64') throw malformed(path, 'data:<media type>;base64,<data>')
  return base64Source(address.slice(comma + 1), mediaType, path)
}

/** @throws AppError request.invalid when it is no base64, or the media type none. */
export function base64Source(base64: string, mediaType: string, path: string): FileSource {
  if (!/^[a-z]+\/[a-z0-9.+-]+$/.test(mediaType)) throw malformed(path, 'a media type')
  if (base64 === '' || !/^[\w+/-]+={0,2}$/.test(base64)) throw malformed(path, 'base64')
  return { kind: 'data', base64, mediaType: mediaType === 'image/jpg' ? 'image/jpeg' : mediaType }
}
