import type { ProductSelection } from '../../contract/catalogue.ts'
import { keep, kept } from './kept.ts'

/**
 * The products that a person chose in the catalogue, on their way to the page that does something with them. A selection can be
 * 10,000 ids, too long for an address; kept in this browser, it survives a reload.
 */
export const chooseProducts = (selection: ProductSelection): void => keep('products.chosen', JSON.stringify(selection))

export function chosenProducts(): ProductSelection | undefined {
  try {
    const found: unknown = JSON.parse(kept('products.chosen') ?? 'null')
    return typeof found === 'object' && found !== null && ('ids' in found || 'filter' in found) ? (found as ProductSelection) : undefined
  } catch {
    return undefined
  }
}
