import { z } from 'zod'
import { defineRoute } from './route.ts'

export const providerView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    practice: z.boolean().meta({ description: 'For trying things out: free, on this machine, and not AI' }),
    serves: z.array(z.enum(['chat', 'embeddings', 'images', 'translation'])).meta({ description: 'The kinds of work it offers' }),
    key: z.enum(['required', 'optional', 'none']),
    keyHint: z.string().nullable().meta({ description: 'What its keys look like today; never checked' }),
    baseUrl: z.string().nullable().meta({ description: 'null: the person gives it' }),
    baseUrlExample: z.string().nullable().meta({ description: 'How such an address looks, where the person gives it' }),
    regions: z.array(z.strictObject({ region: z.string(), baseUrl: z.string() })).meta({ description: 'Its other addresses' }),
    local: z.boolean().meta({ description: 'A server that people run themselves, on a machine of their own' }),
    pulls: z
      .strictObject({
        library: z.string().meta({ description: 'Where the names of models are found' }),
        example: z.string(),
        whenLeft: z.enum(['kept', 'goes_on']).meta({ description: 'kept: a pull can be cancelled, and goes on with the next one' }),
      })
      .nullable()
      .meta({ description: 'It fetches models on request; null: it does not' }),
    fields: z
      .array(z.strictObject({ name: z.enum(['organization', 'project', 'region', 'apiVersion']), example: z.string().nullable() }))
      .meta({ description: 'What its destination has beside the base URL' }),
    deployments: z.boolean().meta({ description: 'Its people name what they call, and say which model each name stands for' }),
    pages: z.strictObject({
      keys: z.string().nullable(),
      usage: z.string().nullable(),
      limits: z.string().nullable(),
      prices: z.string().nullable(),
      docs: z.string().nullable(),
    }),
    triedAgainst: z.enum(['recorded answers', 'a mock of its documented interface', 'never tried']),
  })
  .meta({ id: 'Provider' })
export type ProviderView = z.output<typeof providerView>

export const listProviders = defineRoute({
  id: 'providers.list',
  method: 'get',
  path: '/api/v1/providers',
  summary: 'The AI services that Latchkey can speak to',
  needs: 'member',
  answer: z.strictObject({ items: z.array(providerView) }),
})
