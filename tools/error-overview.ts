import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { ERROR_STATUS } from '../src/base/errors.ts'

const FOLDER = new URL('../docs/errors/', import.meta.url)

/** docs/errors/README.md as the error codes and their pages make it; `npm run format` writes it. */
export function errorOverview(): string {
  const rows = Object.entries(ERROR_STATUS).map(([code, status]) => `| [${code}](${code}.md) | ${status} | ${whatHappened(code)} |`)
  return `# Errors

Every error that Latchkey shows has a code, and each code a page that says what happened, why, and what to do.
The number is the HTTP status that the code has in the API.

| code | status | what happened |
|---|---|---|
${rows.join('\n')}
`
}

function whatHappened(code: string): string {
  const page = new URL(`${code}.md`, FOLDER)
  const text = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const [, first = ''] = /## What happened\n\n([\s\S]*?)(?:\n\n|$)/.exec(text) ?? []
  return first.replaceAll('\n', ' ').replaceAll('|', '\\|').trim()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(new URL('README.md', FOLDER), errorOverview())
