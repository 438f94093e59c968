import { readFileSync } from 'node:fs'
import { sharedPath } from './shared.ts'

/** The rows of a file of the Akeneo export, read by nothing of ours. */
export function akeneoRows(name: string): Record<string, string>[] {
  const text = readFileSync(sharedPath(`data/akeneo/${name}`), 'utf8')
  const rows: string[][] = [['']]
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const sign = text[index]!
    const row = rows.at(-1)!
    if (quoted && sign === '"' && text[index + 1] === '"') row[row.length - 1] += text[++index]!
    else if (sign === '"') quoted = !quoted
    else if (sign === ';' && !quoted) row.push('')
    else if (sign === '\n' && !quoted) rows.push([''])
    else row[row.length - 1] += sign
  }
  const [header, ...body] = rows
  return body.filter((row) => row.length > 1).map((row) => Object.fromEntries(header!.map((column, index) => [column, row[index] ?? ''])))
}

const known: { families?: Map<string, Record<string, string>>; attributes?: Map<string, Record<string, string>> } = {}

/** What a product lacks in a channel and a locale ("de_DE"), counted from the cells of its row; undefined: it is in no family. */
export function missingInAkeneo(
  row: Record<string, string>,
  { channel, locale }: { channel: string; locale: string },
): string[] | undefined {
  const families = (known.families ??= new Map(akeneoRows('families.csv').map((each) => [each['code']!, each])))
  const attributes = (known.attributes ??= new Map(akeneoRows('attributes.csv').map((each) => [each['code']!, each])))
  const family = families.get(row['family']!)
  return family?.[`requirements-${channel}`]!.split(',').filter((code) => {
    const { localizable, scopable, type } = attributes.get(code)!
    if (type === 'pim_catalog_price_collection') return row[`${code}-EUR`] === '' || row[`${code}-USD`] === ''
    const column = [code, ...(localizable === '1' ? [locale] : []), ...(scopable === '1' ? [channel] : [])].join('-')
    return (row[column] ?? '').trim() === ''
  })
}
