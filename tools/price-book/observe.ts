import { objectOf } from '../../src/base/json.ts'
import type { UsageUnit } from '../../src/base/usage.ts'

/** One price that one table states for one model under one set of conditions. */
export interface Observation {
  readonly model: string
  readonly unit: UsageUnit
  readonly price: string
  readonly source: string
  readonly currency?: string
  readonly serviceTier?: string
  readonly batch?: boolean
  readonly regions?: readonly string[]
  readonly fromInputTokens?: number
  readonly validFrom?: string
  readonly validTo?: string
  readonly hours?: string
}

export type Conditions = Pick<
  Observation,
  'currency' | 'serviceTier' | 'batch' | 'regions' | 'fromInputTokens' | 'validFrom' | 'validTo' | 'hours'
>

/** The key under which observations compete: the same model, conditions and unit. */
export function conditionKey(of: Conditions & { readonly model: string }): string {
  return JSON.stringify([
    of.model,
    of.currency,
    of.serviceTier,
    of.batch,
    of.regions,
    of.fromInputTokens,
    of.validFrom,
    of.validTo,
    of.hours,
  ])
}

/** A JSON object of unknown shape, read carefully. */
export type Json = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): Json => objectOf(value) ?? {}
export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
export const asNumber = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
