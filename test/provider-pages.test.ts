import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { providerPages } from '../tools/provider-pages.ts'

const FOLDER = new URL('../docs/providers/', import.meta.url)
const pages = providerPages()

it('there is a page for each provider, and no other', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(Object.keys(pages).toSorted())
})

it.each(Object.keys(pages))('%s is what the data says (npm run format makes it)', (name) => {
  expect(readFileSync(new URL(name, FOLDER), 'utf8')).toBe(pages[name])
})
