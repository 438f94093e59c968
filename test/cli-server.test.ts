import { readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as people from '../src/contract/people.ts'
import * as runs from '../src/contract/runs.ts'
import { holdDataFolder } from '../src/db/hold.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { type CliResult, startCli } from './support/cli.ts'
import { type HeldProvider, startHeldProvider } from './support/held-provider.ts'
import { atAddress, type EnrichReport, type Installation, makeInstallation } from './support/installation.ts'
import { describeOnTerminal, runOnTerminal } from './support/pseudo-terminal.ts'
import { makeClient } from './support/server.ts'
import { type Serving, startServing } from './support/serving.ts'
import { newSecret } from './support/sweep.ts'

const reportOf = ({ stdout, stderr }: CliResult): EnrichReport => {
  if (!stdout.startsWith('{')) throw new Error(`no report; standard error said: ${stderr.slice(-2_000)}`)
  return JSON.parse(stdout) as EnrichReport
}

const errorOf = ({ stdout }: CliResult): { code: string; detail: string } =>
  (JSON.parse(stdout) as { error: { code: string; detail: string } }).error

const COMMAND_ENDED = 'a command that came through the socket ended'

/** A catalogue of its own, and the command that enriches it. */
function command({ home }: Installation, provider: HeldProvider, name: string, products: number, ...more: string[]): string[] {
  const file = writeCatalogue(home.file(`${name}.csv`), madeProducts(products))
  const model = ['--provider', 'openai', '--model', 'gpt-4.1-mini', '--concurrency', '3', '--fields', 'title,description,attributes']
  return ['enrich', file, '--out', home.file(`${name}.out.csv`), ...model, ...atAddress(provider.url), ...more]
}

describe('a command while a server holds the data folder', () => {
  let installation: Installation
  let provider: HeldProvider
  let server: Serving
  beforeAll(async () => {
    installation = await makeInstallation()
    provider = await startHeldProvider()
    server = await startServing(installation)
  })
  afterAll(async () => {
    await server?.stop()
    await provider?.stop()
    await installation?.remove()
  })
  const job = (name: string, products: number, ...more: string[]): string[] => command(installation, provider, name, products, ...more)

  it('does, says and ends as it does without one', async () => {
    provider.open(true)
    const alone = await makeInstallation()
    const withoutLog = (text: string): string =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('{"level"'))
        .join('\n')
    const comparable = async (on: Installation) => {
      const flags = (index: number) => (index === 1 ? { remark: 'x'.repeat(200_000) } : {})
      writeCatalogue(
        on.home.file('same.csv'),
        madeProducts(6, (_, index) => flags(index)),
      )
      const [, , ...options] = command(on, provider, 'other', 1)
      const home = on.home.folder
      const tidy = (text: string): string => text.replaceAll(home, 'HOME').replaceAll(/time +\S+ s/g, 'time')
      const texts: unknown[] = []
      for (const more of [['--yes'], ['--yes'], ['--yes', '--json'], ['--cap', 'x'], []]) {
        const { code, stdout, stderr } = await startCli(['enrich', 'same.csv', ...options, ...more], { home: on.home, cwd: home }).result
        texts.push(code, tidy(stdout).replace(/"seconds":[\d.]+/, ''), tidy(withoutLog(stderr)))
      }
      return { texts, file: readFileSync(on.home.file('other.out.csv'), 'utf8') }
    }
    const here = await comparable(alone)
    expect(await comparable(installation)).toEqual(here)
    expect(here.texts[0]).toBe(0)
    expect(here.texts[1]).toMatch(/6 succeeded[\s\S]*calls +6\b[\s\S]*cost +\$0\.00312/)
    await alone.remove()
  })

  it('prints a long answer whole', async () => {
    const { stdout, code } = await installation.run(['models', '--provider', 'openrouter', '--json'])
    expect(code).toBe(0)
    expect(stdout.length).toBeGreaterThan(70_000)
    expect((JSON.parse(stdout) as { models: unknown[] }).models.length).toBeGreaterThan(100)
  })

  it('Ctrl-C once: calls under way end and are settled, and the same command continues', async () => {
    provider.open(false)
    const before = provider.requests.length
    const args = job('once', 9, '--yes', '--json')
    const first = installation.start(args)
    await provider.reached(before + 3)
    first.child.kill('SIGINT')
    await sleep(300) // the signal comes first; nothing hangs on how long
    provider.open(true)
    const interrupted = await first.result
    expect(interrupted.code).toBe(130)
    expect(reportOf(interrupted)).toMatchObject({ interrupted: true, succeeded: 3, waiting: 6, failed: 0, calls: 3, written: null })
    const second = await installation.run(args)
    expect(second.code).toBe(0)
    expect(reportOf(second)).toMatchObject({ resumed: true, succeeded: 9, waiting: 0, calls: 9, cost: { amount: '0.00468' } })
    expect(provider.requests.length - before).toBe(9)
  })

  it('Ctrl-C twice cuts the calls under way, and the server goes on', async () => {
    provider.open(false)
    const before = provider.requests.length
    const args = job('twice', 7, '--yes', '--json')
    const first = installation.start(args)
    await provider.reached(before + 3)
    first.child.kill('SIGINT')
    await sleep(300) // two signals in one instant would be one
    first.child.kill('SIGINT')
    const cut = await first.result
    expect(cut.code).toBe(130)
    expect(reportOf(cut)).toMatchObject({ interrupted: true, succeeded: 0, waiting: 7, calls: 3, costUnknownCalls: 3 })
    provider.open(true)
    expect(reportOf(await installation.run(args))).toMatchObject({ resumed: true, succeeded: 7, calls: 10, costUnknownCalls: 3 })
  })

  it('kill -9 of the command interrupts its work in the server, and the same command continues it', async () => {
    provider.open(false)
    const before = provider.requests.length
    const args = job('killed', 9, '--yes', '--json')
    const first = installation.start(args)
    await provider.reached(before + 3)
    const others = await installation.run(args)
    expect([others.code, errorOf(others).code]).toEqual([1, 'command.running'])
    const ending = server.willLog('"outcome":"interrupted"', COMMAND_ENDED)
    first.child.kill('SIGKILL')
    await first.result
    await sleep(300) // the server hears of it first
    provider.open(true)
    await ending
    expect(provider.requests.length - before).toBe(3)
    const second = await installation.run(args)
    expect(reportOf(second)).toMatchObject({ resumed: true, succeeded: 9, calls: 9, costUnknownCalls: 0, cost: { amount: '0.00468' } })
    expect(provider.requests.length - before).toBe(9)
  })

  it('two at once, and others beside them, each have their own work and answer', async () => {
    provider.open(false)
    const before = provider.requests.length
    const running = ['left', 'right'].map((name) => installation.start(job(name, 5, '--yes', '--json')))
    await provider.reached(before + 6)
    const beside = await installation.run(['connections'])
    expect(beside.stdout).toContain(provider.url)
    provider.open(true)
    for (const { result } of running) {
      const ended = await result
      expect(ended.code).toBe(0)
      expect(reportOf(ended)).toMatchObject({ products: 5, succeeded: 5, calls: 5, resumed: false })
    }
    expect(readFileSync(installation.home.file('left.out.csv'))).toEqual(readFileSync(installation.home.file('right.out.csv')))
  })

  it('a command line for another database is not done on this one', async () => {
    const ended = await installation.run(['connections', '--json'], { DATABASE_URL: 'postgresql://ada@127.0.0.1:9/other' })
    expect(ended.stdout).toContain('config.invalid')
    expect(ended.code).toBe(2)
  })

  it('a second server says who holds the folder, and where that one answers', async () => {
    const ended = await installation.run(['serve'], { LATCHKEY_PORT: '0' })
    expect(ended.code).toBe(1)
    for (const part of [`process ${server.child.pid}`, 'the server on port', 'latchkey.sock', 'data.locked'])
      expect(ended.stderr).toContain(part)
  })

  it('what commands ran stands in the Runs of whoever claimed the server, who can leave it to the command only', async () => {
    const { origin, claimToken } = await server.welcome()
    const ada = makeClient({ url: origin, email: 'ada@example.com', password: 'correct horse battery' })
    const { email, password } = ada
    await ada.call(people.claimServer, { body: { token: claimToken, name: 'Ada', email, password, workspaceName: 'Lamps' } })
    await installation.run(['connections']) // the first command makes its workspace
    const { workspaces } = await ada.call(people.readMe)
    const own = workspaces.find(({ name }) => name === 'Command line')!
    await ada.call(people.enterWorkspace, { body: { workspace: own.id } })

    provider.open(false)
    const before = provider.requests.length
    const running = installation.start(job('watched', 4, '--yes', '--json'))
    await provider.reached(before + 3)
    const [run] = (await ada.call(runs.listRuns, { query: { state: 'running' } })).items
    expect(run).toMatchObject({ source: 'watched.csv', createdBy: 'command' })
    expect(await ada.refused(runs.pauseRun, { params: { runId: run!.id } })).toMatchObject({ code: 'run.wrong_state' })
    provider.open(true)
    expect(reportOf(await running.result)).toMatchObject({ succeeded: 4, calls: 4 })
    expect(await ada.call(runs.readRun, { params: { runId: run!.id } })).toMatchObject({ state: 'finished' })
  })

  it('gives a person a new password, and ends their sessions', async () => {
    const { origin } = await server.welcome()
    const [email, password] = ['ada@example.com', 'correct horse battery']
    const ada = makeClient({ url: origin, email, password })
    await ada.call(people.signIn, { body: { email, password } })
    const { stdout, code } = await installation.run(['users', 'reset', email])
    expect(code).toBe(0)
    const given = /New password for ada@example\.com: (\S+)/.exec(stdout)![1]!
    expect(await ada.refused(people.readMe)).toMatchObject({ code: 'session.missing' })
    expect(await ada.refused(people.signIn, { body: { email, password } })).toMatchObject({ code: 'signin.refused' })
    expect(await ada.call(people.signIn, { body: { email, password: given } })).toEqual({ secondFactor: false })
    const nobody = await installation.run(['users', 'reset', 'nobody@example.com'])
    expect(nobody.stderr).toContain('person.missing')
  })

  describeOnTerminal('on a pseudo terminal', () => {
    it('asks there, shows the bar there, and takes no for no', async () => {
      provider.open(true)
      const before = provider.requests.length
      const no = await runOnTerminal(job('asked', 4), 'n\n', installation.home)
      expect(no.screen).toContain('Nothing was run')
      expect([no.code, provider.requests.length]).toEqual([0, before])
      const yes = await runOnTerminal(job('asked', 4), 'y\n', installation.home)
      expect(yes.screen).toMatch(/[█░]{10}/)
      expect(yes.screen).toMatch(/4\/4 products .* \$0\.00208/)
      expect(yes.screen).toContain('Receipt')
      expect(yes.code).toBe(0)
    })

    it('Ctrl-C at the question ends the command, and its run is withdrawn', async () => {
      const { code, screen } = await runOnTerminal(job('undecided', 2), '\u0003', installation.home)
      expect(screen).toContain('Interrupted')
      expect(code).toBe(130)
    })
  })

  describe('its socket', () => {
    const socketPath = (): string => join(installation.home.folder, 'data', 'latchkey.sock')
    /** Everything that the server says to someone who says this, until it ends the connection. */
    const speak = (text: string | Buffer): Promise<string[]> =>
      new Promise((resolve) => {
        let heard = ''
        connect(socketPath())
          .on('data', (part: Buffer) => (heard += part.toString()))
          .on('error', () => undefined)
          .on('close', () => resolve(heard.split('\n').filter(Boolean)))
          .write(text)
      })

    it('is for this user alone', () => {
      expect(statSync(socketPath()).mode & 0o777).toBe(0o600)
      expect(statSync(join(installation.home.folder, 'data')).mode & 0o777).toBe(0o700)
    })

    it.each([
      ['no JSON', 'hello\n'],
      ['an answer to no question', '{"answer":"y"}\n'],
      [
        'a frame with more in it',
        '{"run":{"argv":[],"cwd":"/","environment":{},"terminal":{"input":false,"error":false,"columns":80},"user":"root"}}\n',
      ],
      ['a line without end', Buffer.alloc(3 << 20, 'x')],
    ])('ends the connection at %s, and goes on', async (_, text) => {
      const heard = await speak(text)
      expect(heard.length).toBeLessThanOrEqual(2) // the holder and the version at most
      expect((await installation.run(['connections'])).code).toBe(0)
    })

    it('does not start a server for others', async () => {
      const terminal = { input: false, error: false, columns: 80 }
      const heard = await speak(`${JSON.stringify({ run: { argv: ['serve'], cwd: '/', environment: {}, terminal } })}\n`)
      expect(heard.at(-1)).toBe('{"exit":2}')
    })
  })
})

describe('the key that a command line names', () => {
  it('is in no log, no row and no file of the server; other variables never leave the command', async () => {
    const installation = await makeInstallation()
    const provider = await startHeldProvider()
    const server = await startServing(installation)
    provider.open(true)
    const [key, other] = [newSecret({ odd: true }), newSecret()]
    const args = command(installation, provider, 'key', 2, '--key-env', 'MY_KEY', '--yes', '--json')
    const ended = await installation.run(args, { MY_KEY: key, OTHER_KEY: other })
    expect(reportOf(ended)).toMatchObject({ succeeded: 2 })
    expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${key}`, `Bearer ${key}`])
    const without = await installation.run(['models', '--provider', 'openai', '--key-env', 'NOT_THERE'], { OTHER_KEY: other })
    expect([without.code, without.stderr]).toEqual([5, expect.stringContaining('key.missing')])
    await server.stop()
    await installation.expectNoSecret([key, other])
    await provider.stop()
    await installation.remove()
  })

  it('is not sent to a server of another version', async () => {
    const installation = await makeInstallation()
    const dataDir = join(installation.home.folder, 'data')
    let heard = ''
    const onConnection = (socket: Socket): void => {
      socket.on('data', (part: Buffer) => (heard += part.toString()))
      socket.write('{"version":"0.0.0"}\n')
    }
    const hold = await holdDataFolder({ dataDir, purpose: 'another version', onConnection })
    const args = ['models', '--provider', 'openai', '--key-env', 'MY_KEY', '--json']
    const ended = await installation.run(args, { MY_KEY: newSecret() })
    expect(errorOf(ended)).toMatchObject({ code: 'server.other_version', detail: expect.stringContaining('0.0.0') })
    expect([ended.code, heard]).toEqual([1, ''])
    await hold.release()
    await installation.remove()
  })
})

describe('a server that ends while it does a command', () => {
  let installation: Installation
  let provider: HeldProvider
  beforeEach(async () => {
    installation = await makeInstallation()
    provider = await startHeldProvider()
  })
  afterEach(async () => {
    await provider.stop()
    await installation.remove()
  })

  it('tells the command, lets the calls under way end, and the same command continues without it', async () => {
    const server = await startServing(installation)
    const args = command(installation, provider, 'stopped', 6, '--yes')
    const first = installation.start(args)
    await provider.reached(3)
    const stopped = server.stop()
    await sleep(500)
    provider.open(true)
    const interrupted = await first.result
    expect(interrupted.stderr).toContain('The server is stopping.')
    expect(interrupted.stdout).toMatch(/3 succeeded.*3 waiting/)
    expect(interrupted.code).toBe(130)
    expect((await stopped).code).toBe(0)
    expect(reportOf(await installation.run([...args, '--json']))).toMatchObject({
      resumed: true,
      succeeded: 6,
      calls: 6,
      costUnknownCalls: 0,
    })
  })

  it('by kill -9: the command says so, and the same one continues without it', async () => {
    const server = await startServing(installation)
    const args = command(installation, provider, 'crashed', 6, '--yes', '--json')
    const first = installation.start(args)
    await provider.reached(3)
    await server.stop('SIGKILL')
    const cut = await first.result
    expect([cut.code, errorOf(cut).code]).toEqual([1, 'server.gone'])
    provider.open(true)
    expect(reportOf(await installation.run(args))).toMatchObject({ resumed: true, succeeded: 6, calls: 9, costUnknownCalls: 3 })
    expect(await installation.rows(sql`select state from runs`)).toEqual([{ state: 'finished' }])
  })
})
