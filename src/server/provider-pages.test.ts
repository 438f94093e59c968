import { expect, it } from 'vitest'
import { providers } from '../providers/registry.ts'
import { providerPage } from './provider-pages.ts'

it.each(Object.values(providers))('$id has a page that names it and what it was tried against', async ({ id, name, triedAgainst }) => {
  const html = await providerPage(`/docs/providers/${id}`)!.text()
  expect(html).toContain(`<h1>${name}</h1>`)
  expect(html).toContain(`<strong>${triedAgainst}</strong>`)
})

it('has an overview that leads to each', async () => {
  const html = await providerPage('/docs/providers')!.text()
  const links = [...html.matchAll(/href="\/docs\/providers\/([^"]+)"/g)].map((match) => match[1]!)
  expect(links.toSorted()).toEqual(Object.keys(providers).toSorted())
})

it.each([
  '/docs/providers/README',
  '/docs/providers/../errors/README',
  '/docs/providers/constructor',
  '/docs/providers/openai/x',
  '/docs/errors',
])('gives no file for %s', (path) => {
  expect(providerPage(path)).toBeUndefined()
})
