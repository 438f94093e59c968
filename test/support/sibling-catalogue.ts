import type { Script } from './mock-provider.ts'

/** A catalogue of products that differ in colour alone, and a provider that writes of each what can be filled in for its siblings. */

export const COLOURS = ['Black', 'White', 'Red', 'Blue', 'Green'] as const

/** A text, which is written once for a kind, and a colour, which stands in nearly every title. */
export const SIBLING_RECIPE = {
  locale: 'en',
  fields: [
    { name: 'description', type: 'text', column: 'shop_text', words: { min: 3, max: 80 } },
    { name: 'colour', type: 'select', column: 'shop_colour', values: [...COLOURS], required: true },
  ],
}

/** Letters alone: a digit is what siblings may differ in. */
const nameOf = (index: number): string => `Model${String(index).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)}`

/** So many kinds in each colour, one kind after the other, and so many products whose colour their title does not say. */
export function siblingFile({ kinds, without = 0 }: { kinds: number; without?: number }): string {
  const titles = [
    ...Array.from({ length: kinds }, (_, at) => COLOURS.map((colour) => `Acme ${nameOf(at + 1)} office chair ${colour}`)).flat(),
    ...Array.from({ length: without }, (_, at) => `Nordic ${nameOf(at + 1)} garden table of oak`),
  ]
  return ['sku,title,brand', ...titles.map((title, at) => `S-${at + 1},${title},Acme`), ''].join('\n')
}

/** What a product of the catalogue is called: what its description begins with. */
export const textOf = (title: string): string => `${title} serves well at home and at work, and is easy to use.`

/** Answers of the provider: the description names the product as its title does; the colour is only asked for where rules found none. */
export const siblingScript: Script = ({ ids, user }) => {
  const fieldsOf = (record: string) => ({ description: textOf(/^title: *(.+)$/im.exec(record)?.[1]?.trim() ?? ''), colour: 'Black' })
  if (ids.length === 0) return { content: JSON.stringify(fieldsOf(user)) }
  const records = user.split(/(?=<product id=")/)
  const products = ids.map((id) => ({ id, ...fieldsOf(records.find((record) => record.startsWith(`<product id="${id}"`)) ?? '') }))
  return { content: JSON.stringify({ products }) }
}
