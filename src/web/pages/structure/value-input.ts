import type { ProductStandingView } from '../../../contract/structure.ts'
import type { Given } from '../review/value-text.ts'

export type AttributeFacts = ProductStandingView['attributes'][number]

/** What the input of each type is given. */
export interface InputProps {
  readonly attribute: AttributeFacts
  readonly label: string
  readonly value: unknown
  readonly locale: string | null
  /** null: nothing. */
  readonly onChange: (given: Given | null) => void
}
