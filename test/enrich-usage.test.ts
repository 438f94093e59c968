import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliResult } from './support/cli.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { type Installation, makeInstallation } from './support/installation.ts'

const PRACTICE = ['--provider', 'practice', '--model', 'practice-1']
const FIELDS = ['--fields', 'title,description,attributes']

/** Several processes at a time: most of what they do is start. */
async function inPairs<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < entries.length; at += 2) results.push(...(await Promise.all(entries.slice(at, at + 2).map(work))))
  return results
}

const errorOf = ({ stdout, stderr, code }: CliResult): { exit: number | null; code: string; detail: string } => {
  try {
    const { error } = JSON.parse(stdout) as { error: { code: string; detail: string } }
    return { exit: code, ...error }
  } catch {
    throw new Error(`no error object; exit ${code}; ${stderr.slice(-1_000)}`)
  }
}

describe('latchkey enrich asked for what cannot be', () => {
  let installation: Installation
  let file: string
  let out: string
  beforeAll(async () => {
    installation = await makeInstallation()
    file = writeCatalogue(installation.home.file('products.csv'), madeProducts(4))
    out = installation.home.file('out.csv')
  })
  afterAll(() => installation?.remove())
  const at = (name: string, content: string | Buffer): string => {
    writeFileSync(installation.home.file(name), content)
    return installation.home.file(name)
  }

  it('bad usage ends with 2, says what is wrong and what to give, and makes nothing', async () => {
    const good = [file, '--out', out, ...PRACTICE, ...FIELDS]
    const without = (option: string): string[] => good.filter((word, index) => word !== option && good[index - 1] !== option)
    const cases: [string[], string, string | RegExp][] = [
      [[...without('--provider'), '--provider', 'openia'], 'provider.unknown', 'openai'],
      [without('--provider'), 'command.invalid', /provider/i],
      [without('--out'), 'command.invalid', /out/i],
      [without('--fields'), 'command.invalid', '--fields'],
      [[...good, '--percall', '3'], 'command.invalid', '--per-call'],
      [[...good, '--per-call', '0'], 'command.invalid', '1 to 50'],
      [[...good, '--limit', '1e3'], 'command.invalid', 'whole number'],
      [[...good, '--cap', 'much'], 'command.invalid', '1.00'],
      [[...good, '--price', '1'], 'command.invalid', '0.15/0.60'],
      [[...good, '--locale', 'not a tag'], 'command.invalid', 'language tag'],
      [[...good, '--id', 'no_such_column'], 'command.invalid', 'no_such_column'],
      [[...good, '--base-url', 'http://localhost:1'], 'command.invalid', 'no --base-url'],
      [
        [...without('--provider'), '--provider', 'openai', '--base-url', 'https://ada:secret@host/v1'],
        'destination.refused',
        /credentials|name or password|user/i,
      ],
      [[...without('--provider'), '--provider', 'openai-compatible'], 'command.invalid', '--base-url'],
      [[installation.home.file('none.csv'), ...good.slice(1)], 'file.unreadable', 'none.csv'],
      [[...without('--out'), '--out', installation.home.file('no/such/folder/out.csv')], 'file.unwritable', 'folder'],
      [[...without('--fields'), '--recipe', installation.home.file('none.yaml')], 'file.unreadable', 'none.yaml'],
      [[...without('--fields'), '--recipe', at('broken.yaml', 'fields: [')], 'recipe.invalid', /line 1|YAML/i],
      [
        [...without('--fields'), '--recipe', at('odd.yaml', 'fields:\n  - name: title\n    type: text\n    lenght: 4\n')],
        'recipe.invalid',
        'lenght',
      ],
      [[...good.slice(0, -1), 'titel'], 'command.invalid', 'titel'],
    ]
    const found = await inPairs(cases, async ([args]) => errorOf(await installation.run(['enrich', ...args, '--yes', '--json'])))
    for (const [index, [args, code, text]] of cases.entries()) {
      const { detail, ...rest } = found[index]!
      expect(rest, `${args.slice(-3).join(' ')}: ${detail}`).toEqual({ exit: 2, code })
      expect(detail).toMatch(text)
      expect(detail).not.toContain('secret')
    }
    expect(() => readFileSync(out)).toThrow('ENOENT')
  })

  it('broken files end with a clear error, and make nothing', async () => {
    const folder = installation.home.file('folder.csv')
    mkdirSync(folder)
    const cases: [string, string, string][] = [
      [at('empty.csv', ''), 'file.unreadable', 'is empty'],
      [at('image.csv', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')), 'file.unreadable', 'PNG'],
      [at('archive.csv', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(400)])), 'file.malformed', 'damaged archive'],
      [folder, 'file.unreadable', 'is a folder'],
    ]
    const found = await inPairs(cases, ([path]) =>
      installation.run(['enrich', path, '--out', out, ...PRACTICE, ...FIELDS, '--yes', '--json']),
    )
    for (const [index, [path, code, text]] of cases.entries()) {
      const { detail, ...rest } = errorOf(found[index]!)
      expect(rest).toEqual({ exit: 2, code })
      expect(detail).toContain(path)
      expect(detail).toContain(text)
    }
    expect(() => readFileSync(out)).toThrow('ENOENT')
  })

  it('rows that cannot be read are listed with their line, copied as they are, and the command ends with 4', async () => {
    const bad = at(
      'rows.csv',
      'sku,name,brand\nA-1,Kettle,Arven\nA-2,Lamp\nA-1,Kettle again,Arven\n,No number,Bolt\nA-5,Chair,Corvo\nA-6,"Desk,Delmar\n',
    )
    const { report, code } = await installation.enrich([bad, '--out', out, ...PRACTICE, '--fields', 'title', '--id', 'sku'])
    expect(code).toBe(4)
    expect(report.failed).toBe(0)
    expect(report.rejected.map(({ line }) => line)).toEqual([3, 4, 5, 7])
    expect(report.products).toBe(2)
    const people = await installation.run(['enrich', bad, '--out', out, ...PRACTICE, '--fields', 'title', '--id', 'sku', '--yes'])
    expect(people.stdout).toMatch(/line 4: .*A-1/)
    const written = readFileSync(out, 'utf8').split('\n')
    expect(written[3]).toMatch(/^A-1,Kettle again,Arven/)
    expect(written[6]).toBe('A-6,"Desk,Delmar')
    expect(written).toHaveLength(8)
  })

  it('a data folder that others can read, and a master key inside it, are refused', async () => {
    const open = installation.home.file('open')
    mkdirSync(open)
    chmodSync(open, 0o755)
    const args = ['enrich', file, '--out', out, ...PRACTICE, ...FIELDS, '--yes', '--json']
    const readable = errorOf(await installation.run(args, { LATCHKEY_DATA: open }))
    expect(readable).toMatchObject({ exit: 1, code: 'data.insecure', detail: expect.stringContaining('chmod 700') as string })
    const inside = errorOf(await installation.run(args, { LATCHKEY_MASTER_KEY_FILE: installation.home.file('data/master.key') }))
    expect(inside).toMatchObject({ exit: 2, code: 'config.invalid', detail: expect.stringContaining('LATCHKEY_MASTER_KEY_FILE') as string })
  })
})
