import { SaxesParser } from 'saxes'
import { AppError } from '../../base/errors.ts'
import { LIMITS } from './protocol.ts'

/** What a reader hears of an XML text. Positions are UTF-16 units from its beginning; `end` lies behind the tag's ">". */
export interface XmlEvents {
  open(name: string, attributes: Readonly<Record<string, string>>, end: number): void
  /** `selfClosing`: the same tag that was just opened. */
  close(name: string, end: number, selfClosing: boolean): void
  /** Text as it is meant: entities replaced, CDATA unpacked. */
  text(text: string, cdata: boolean): void
}

/**
 * A strict XML 1.0 parser over a text that comes in pieces, which keeps as much of it as a reader may still want to copy.
 * No document type is taken, so there are no entities but the five and character references: nothing to expand, nothing to
 * fetch. `file`: what messages call it.
 * @throws AppError file.refused with a document type or nested too deep; file.malformed where it is not well-formed
 */
export function createXmlParser(file: string, events: XmlEvents) {
  const parser = new SaxesParser<{ readonly position: true; readonly xmlns: false }>({ position: true, xmlns: false })
  let kept = ''
  let keptFrom = 0
  let depth = 0

  parser.on('error', (error) => {
    const what = error.message.replace(/^(?:undefined:)?\d+:\d+: /, '').slice(0, 200)
    throw new AppError('file.malformed', `${file} is broken XML at line ${parser.line}, column ${parser.column}: ${what}`)
  })
  parser.on('doctype', () => {
    throw documentType(file)
  })
  parser.on('opentag', (tag) => {
    depth += 1
    if (depth > LIMITS.depth) {
      throw new AppError('file.refused', `${file} nests its elements deeper than ${LIMITS.depth} levels (line ${parser.line}).`)
    }
    events.open(tag.name, tag.attributes, parser.position)
  })
  parser.on('closetag', (tag) => {
    depth -= 1
    events.close(tag.name, parser.position, tag.isSelfClosing)
  })
  parser.on('text', (text) => events.text(text, false))
  parser.on('cdata', (text) => events.text(text, true))

  return {
    write(text: string): void {
      kept += text
      parser.write(text)
    },
    /** @throws AppError file.malformed when elements are still open */
    end(): void {
      parser.close()
    },
    /** Of the line that is being read, from 1. */
    line: (): number => parser.line,
    /** A stretch of the text that was not forgotten. */
    slice: (from: number, to: number): string => kept.slice(from - keptFrom, to - keptFrom),
    /** Where the tag begins that ends at `end`: no "<" can stand inside one. */
    tagStart: (end: number): number => keptFrom + kept.lastIndexOf('<', end - keptFrom - 1),
    /** What lies before `position` is wanted no more. */
    forget(position: number): void {
      if (position <= keptFrom) return
      kept = kept.slice(position - keptFrom)
      keptFrom = position
    },
    keptFrom: (): number => keptFrom,
    keptEnd: (): number => keptFrom + kept.length,
  }
}

export type XmlParser = ReturnType<typeof createXmlParser>

const documentType = (file: string): AppError =>
  new AppError(
    'file.refused',
    `${file} declares a document type (<!DOCTYPE ...>), with which a file can reach for others and grow without end. Save it without one.`,
  )

/** A name without its namespace's prefix. */
export const localName = (name: string): string => name.slice(name.indexOf(':') + 1)
