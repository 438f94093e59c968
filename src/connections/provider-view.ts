import type { ProviderView } from '../contract/providers.ts'
import { kindsOf, steeringFieldsOf } from '../providers/asked.ts'
import type { Provider } from '../providers/provider.ts'
import { providers } from '../providers/registry.ts'

/** Every provider, in the order in which they are offered. */
export const providerViews = (): ProviderView[] => Object.values(providers).map(toView)

const toView = (provider: Provider): ProviderView => {
  const { id, name, key, keyHint, baseUrl, baseUrlExample, regions = [], pages, triedAgainst, local, pull } = provider
  const isPractice = key === 'none'
  return {
    id,
    name,
    practice: isPractice,
    serves: kindsOf(provider),
    key,
    keyHint: keyHint ?? null,
    baseUrl: isPractice ? null : (baseUrl ?? null),
    baseUrlExample: baseUrlExample ?? null,
    regions: regions.map((region) => ({ ...region })),
    local: local !== undefined,
    pulls: pull ? { library: pull.library, example: pull.example, whenLeft: pull.whenLeft } : null,
    fields: steeringFieldsOf(provider),
    deployments: provider.hasDeployments ?? false,
    pages: {
      keys: pages.keys ?? null,
      usage: pages.usage ?? null,
      limits: pages.limits ?? null,
      prices: pages.prices ?? null,
      docs: pages.docs ?? null,
    },
    triedAgainst,
  }
}
