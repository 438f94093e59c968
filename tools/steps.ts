import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/** Development tools by their JavaScript entry: run with this very Node, whatever PATH says. */
const TOOLS = {
  types: ['typescript/bin/tsc', '--project', '.'],
  webTypes: ['typescript/bin/tsc', '--project', 'src/web'],
  lint: ['oxlint/bin/oxlint', '--deny-warnings', '--report-unused-disable-directives'],
  format: ['oxfmt/bin/oxfmt', '--check', '.'],
  unused: ['knip/bin/knip.js', '--no-progress'],
  tests: ['vitest/vitest.mjs', 'run'],
} as const

export interface Outcome {
  readonly exitCode: number
  readonly output: string
}

/** Runs a development tool in the repository. `show`: its output goes to the terminal as it comes, and is not returned. */
export function runTool(
  tool: keyof typeof TOOLS,
  { args = [], show = false }: { args?: readonly string[]; show?: boolean } = {},
): Promise<Outcome> {
  const [entry, ...fixed] = TOOLS[tool]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', entry), ...fixed, ...args], {
      cwd: ROOT,
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: [join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(process.platform === 'win32' ? ';' : ':'),
      },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }))
  })
}

/** A duration for people: "0.8 s", "75 s". */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
