import { writeFileSync } from 'node:fs'

const BRANDS = ['Arven', 'Bolt', 'Corvo', 'Delmar', 'Estral']
const THINGS = ['kettle', 'desk lamp', 'notebook stand', 'cable', 'backpack', 'office chair', 'water bottle']
const COLOURS = ['black', 'white', 'dark green', 'sand']

export interface MadeProduct {
  readonly sku: string
  readonly name: string
  readonly brand: string
  readonly colour: string
  readonly remark: string
  readonly price: string // never shown to a model
}

/** Products without a number in what a model sees, so that nothing a good answer says is flagged. */
export function madeProducts(
  count: number,
  change: (product: MadeProduct, index: number) => Partial<MadeProduct> = () => ({}),
): MadeProduct[] {
  return Array.from({ length: count }, (_, index) => {
    const product: MadeProduct = {
      sku: `SKU-${String(index + 1).padStart(4, '0')}`,
      name: `${BRANDS[index % 5]!} ${THINGS[index % 7]!}`,
      brand: BRANDS[index % 5]!,
      colour: COLOURS[index % 4]!,
      remark: 'sold in a box',
      price: `${index + 1}.90`,
    }
    return { ...product, ...change(product, index) }
  })
}

/** Writes them as CSV. @returns the path. */
export function writeCatalogue(path: string, products: readonly MadeProduct[]): string {
  const cell = (value: string): string => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
  const lines = products.map((product) =>
    Object.values(product as unknown as Record<string, string>)
      .map(cell)
      .join(','),
  )
  writeFileSync(path, `sku,name,brand,colour,remark,price\n${lines.join('\n')}\n`)
  return path
}
