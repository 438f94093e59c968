import { describe, expect, it } from 'vitest'
import { AppError } from '../base/errors.ts'
import { defineCommand, type Command } from './command.ts'
import { dispatch, type CommandEntry } from './dispatch.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

const loaded: string[] = []

function entry(command: Command): CommandEntry {
  return {
    summary: command.description,
    load: () => {
      loaded.push(command.name)
      return Promise.resolve(command)
    },
  }
}

/** Runs a command line against one command, `buy`, which does as `buy` says with the arguments it got. */
async function run(argv: readonly string[], buy: (args: Record<string, unknown>) => ExitCode = () => EXIT.done) {
  const command = defineCommand({
    name: 'buy',
    description: 'buys a thing',
    args: {
      thing: { type: 'positional', description: 'what to buy' },
      cap: { type: 'string', description: 'at most this' },
      'per-call': { type: 'string', description: 'things per call', default: '1' },
      yes: { type: 'boolean', description: 'do not ask', alias: 'y' },
      json: { type: 'boolean', description: 'one object' },
    },
    run: (args) => Promise.resolve().then(() => buy(args)),
  })
  loaded.length = 0
  let out = ''
  let error = ''
  const exitCode = await dispatch({
    argv,
    commands: { buy: entry(command) },
    environment: { HOME: '/home/ada', LATCHKEY_LOG_LEVEL: 'silent', LATCHKEY_DATA: '/nowhere/latchkey' },
    cwd: '/home/ada',
    io: {
      out: (text) => (out += text),
      error: (text) => (error += text),
      inputIsTerminal: false,
      errorIsTerminal: false,
      columns: 80,
      ask: () => Promise.reject(new Error('nobody is asked')),
      onInterrupt: () => () => undefined,
    },
    colours: false,
  })
  return { exitCode, out, error }
}

describe('help', () => {
  it('lists the commands and the exit codes, and loads none of them', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) {
      const { exitCode, out } = await run(argv)
      expect(exitCode).toBe(0)
      expect(out).toContain('buy  buys a thing')
      expect(out).toContain('130 interrupted')
      expect(loaded).toEqual([])
    }
  })

  it('of a command shows its options without colours and runs nothing', async () => {
    const { exitCode, out } = await run(['buy', '--help'], () => {
      throw new Error('ran')
    })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/--per-call=\S+\s+things per call \(Default: 1\)/)
    expect(out).not.toContain('\u001B')
  })

  it('tells the version', async () => {
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('arguments', () => {
  it('reach the command', async () => {
    let seen: Record<string, unknown> = {}
    const { exitCode } = await run(['buy', 'tea', '--cap', '1.00', '--per-call=3', '-y'], (args) => {
      seen = args
      return EXIT.itemsFailed
    })
    expect(exitCode).toBe(4)
    expect(seen).toMatchObject({ thing: 'tea', cap: '1.00', 'per-call': '3', yes: true })
  })

  it('after -- are never options', async () => {
    let seen: Record<string, unknown> = {}
    await run(['buy', '--', '--help'], (args) => {
      seen = args
      return EXIT.done
    })
    expect(seen).toMatchObject({ thing: '--help' })
  })

  it.each([
    [['sell'], 'There is no command "sell". The commands are: buy.'],
    [['constructor'], 'There is no command "constructor".'],
    [['buy'], 'Missing required positional argument: THING.'],
    [['buy', 'tea', '--ca', '1'], 'There is no option --ca.'],
    [['buy', 'tea', '--capp', '1'], 'There is no option --capp. Did you mean --cap?'],
    [['buy', 'tea', '--percall', '1'], 'There is no option --percall. Did you mean --per-call?'],
    [['buy', 'tea', '-x'], 'There is no option -x.'],
    [['buy', 'tea', '--cap'], '--cap needs a value.'],
    [['buy', 'tea', '--cap='], '--cap needs a value.'],
    [['buy', 'tea', '--cap', '--yes'], '--cap needs a value.'],
    [['buy', 'tea', '--cap', '-1'], 'written --cap=-1'],
    [['buy', 'tea', '--cap', '1', '--cap', '100'], '--cap is given twice.'],
    [['buy', 'tea', '--yes=no'], '--yes takes no value.'],
    [['buy', 'tea', 'coffee'], '"coffee" is one argument too many.'],
  ])('%j is bad usage', async (argv, text) => {
    const { exitCode, error, out } = await run(argv, () => {
      throw new Error('ran')
    })
    expect(error).toContain(text)
    expect(error).toContain('--help')
    expect(exitCode).toBe(2)
    expect(out).toBe('')
  })
})

describe('an error of the command', () => {
  it.each([
    ['command.invalid', 2],
    ['config.invalid', 2],
    ['recipe.invalid', 2],
    ['budget.exceeded', 3],
    ['provider.bad_key', 5],
    ['provider.no_credit', 5],
    ['data.locked', 1],
  ] as const)('%s ends with %d and says what to do and where to read more', async (code, exitCode) => {
    const result = await run(['buy', 'tea'], () => {
      throw new AppError(code, 'This happened. Do that.')
    })
    expect(result.error).toBe(`latchkey: This happened. Do that.\n          More: docs/errors/${code}.md\n`)
    expect(result.exitCode).toBe(exitCode)
  })

  it('is one object with --json', async () => {
    const { out } = await run(['buy', 'tea', '--json'], () => {
      throw new AppError('data.locked', 'Held.')
    })
    expect(JSON.parse(out)).toEqual({ error: { code: 'data.locked', detail: 'Held.' } })
  })

  it('that nobody foresaw ends with 1 and shows no key', async () => {
    const { exitCode, error } = await run(['buy', 'tea'], () => {
      throw new TypeError('cannot read sk-abcdef1234567890')
    })
    expect(exitCode).toBe(1)
    expect(error).toContain('TypeError: cannot read [removed]')
  })
})
