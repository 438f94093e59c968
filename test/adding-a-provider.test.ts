import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { fillDataFolder } from './support/databases.ts'
import { makeHome, reportOf, startCli } from './support/cli.ts'
import { atAddress } from './support/installation.ts'
import { startMockProvider } from './support/mock-provider.ts'
import { testFolder } from './support/test-folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GUIDE = readFileSync(new URL('../docs/guides/adding-a-provider.md', import.meta.url), 'utf8')

/** The block of TypeScript that follows the name of its file. */
function blockFor(file: string): string {
  const [, block] = new RegExp(`\`${file}\`:\n\n\`\`\`ts\n([\\s\\S]*?)\`\`\``).exec(GUIDE) ?? []
  if (block === undefined) throw new Error(`the guide has no block for ${file}`)
  return block
}

/** Latchkey with what the guide says: one file more, and one line more. */
function guidedCopy(): string {
  const folder = testFolder()
  for (const part of ['package.json', 'tsconfig.json', 'src']) {
    cpSync(join(ROOT, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('/src/web/') && !path.endsWith('.test.ts'),
    })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'src/providers/lumen.ts'), blockFor('src/providers/lumen.ts'), { flag: 'wx' })
  const line = blockFor('src/providers/all.ts')
  expect(line.trim().split('\n')).toHaveLength(1)
  appendFileSync(join(folder, 'src/providers/all.ts'), line)
  return folder
}

it('a file and a line, as the guide has them, are a provider: types hold, a call is made, its cost is known', async () => {
  const copy = guidedCopy()
  const options = { extends: './tsconfig.json', include: [], files: ['src/providers/registry.ts'] }
  writeFileSync(join(copy, 'tsconfig.guide.json'), JSON.stringify(options))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '--project', 'tsconfig.guide.json'], { cwd: copy }).catch((error: unknown) => {
    throw new Error(`the guide's code does not hold: ${String((error as { stdout?: string }).stdout)}`)
  })

  const mock = await startMockProvider({ usage: { input: 500, output: 200 } })
  const home = makeHome()
  await fillDataFolder(home.file('data'))
  const file = writeCatalogue(home.file('products.csv'), madeProducts(2))
  const command = ['enrich', file, '--out', home.file('out.csv'), '--provider', 'lumen', '--model', 'lumen-large', '--price', '0.20/0.60']
  const more = ['--key-env', 'MY_KEY', '--fields', 'title,description,attributes', '--yes', '--json', ...atAddress(mock.url)]
  const running = startCli([...command, ...more], {
    home,
    environment: { MY_KEY: 'lu_made-up-key-0123456789' },
    main: join(copy, 'src/cli/main.ts'),
  })
  const ended = await running.result
  const bodies = mock.requests().map(({ body }) => body as Record<string, unknown>)
  await mock.stop()
  home.remove()

  const cost = { currency: 'USD', amount: '0.00044' } // 2 x (500 x 0.20 + 200 x 0.60) / a million
  expect(reportOf(ended), ended.stderr).toMatchObject({ products: 2, succeeded: 2, calls: 2, costUnknownCalls: 0, cost })
  expect(bodies).toHaveLength(2)
  for (const body of bodies) {
    expect(body).toMatchObject({ model: 'lumen-large', response_format: { type: 'json_object' } })
    expect(body['max_completion_tokens']).toBeGreaterThan(0)
  }
})
