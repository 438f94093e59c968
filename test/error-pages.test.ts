import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERROR_STATUS } from '../src/base/errors.ts'
import { errorOverview } from '../tools/error-overview.ts'

const FOLDER = new URL('../docs/errors/', import.meta.url)
const codes = Object.keys(ERROR_STATUS).sort()

it('every error code has a page, and every page a code', () => {
  const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md')
  expect(pages.map((name) => name.replace(/\.md$/, '')).sort()).toEqual(codes)
})

describe.each(codes)('%s', (code) => {
  it('says what happened, why, and what to do', () => {
    const page = readFileSync(new URL(`${code}.md`, FOLDER), 'utf8')
    expect(page.split('\n')[0]).toBe(`# ${code}`)
    const sections = page
      .split(/^## /m)
      .slice(1)
      .map((section) => ({ title: section.split('\n')[0]!, body: section.slice(section.indexOf('\n')).trim() }))
    expect(sections.map(({ title }) => title)).toEqual(['What happened', 'Why', 'What to do'])
    for (const { title, body } of sections) expect(body.length, title).toBeGreaterThan(30)
  })
})

it('the overview is made from the pages (npm run format makes it)', () => {
  expect(readFileSync(new URL('README.md', FOLDER), 'utf8')).toBe(errorOverview())
})
