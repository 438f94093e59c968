import type { DestinationInput } from '../../../contract/connections.ts'
import type { ProviderView } from '../../../contract/providers.ts'

/** What a person types of a connection's destination and key. Texts as they stand in their fields. */
export interface DestinationDraft {
  /** '' is the provider's own address; OTHER_ADDRESS: what `baseUrl` says. */
  address: string
  baseUrl: string
  organization: string
  project: string
  region: string
  apiVersion: string
  /** One header to a line: "name: value". */
  headers: string
}

export const OTHER_ADDRESS = 'other'

export const emptyDestination = (provider: ProviderView): DestinationDraft => ({
  address: provider.baseUrl === null ? OTHER_ADDRESS : '',
  baseUrl: '',
  organization: '',
  project: '',
  region: '',
  apiVersion: '',
  headers: '',
})

/** The draft as the server takes it: what is empty is left out. */
export function destinationOf(provider: ProviderView, draft: DestinationDraft): DestinationInput {
  if (provider.practice) return {}
  const baseUrl = draft.address === OTHER_ADDRESS ? draft.baseUrl.trim() : draft.address
  const headers = headersOf(draft.headers)
  return {
    ...(baseUrl ? { baseUrl } : {}),
    ...Object.fromEntries(provider.fields.flatMap(({ name }) => (draft[name].trim() ? [[name, draft[name].trim()]] : []))),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  }
}

/** A line without a colon is a name without a value, which the server refuses with its reason. */
function headersOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}
