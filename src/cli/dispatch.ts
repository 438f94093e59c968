import { stripVTControlCharacters } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }
import { AppError } from '../base/errors.ts'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import type { CommandIo, RunCommand } from '../server/command-request.ts'
import type { Command, CommandContext } from './command.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'

/** A command as the table knows it, before its file is loaded. */
export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

type Commands = Readonly<Record<string, CommandEntry>>

/**
 * Runs the command that `argv` names and says how the process ends. Errors are told on standard error: what happened and what
 * to do; with --json as one object on standard output too. A command is done by the server that holds the data folder when one
 * does, and here otherwise.
 */
export async function dispatch({
  argv,
  commands,
  environment,
  cwd,
  io,
  colours,
}: {
  argv: readonly string[]
  commands: Commands
  environment: Readonly<Record<string, string | undefined>>
  cwd: string
  io: CommandIo
  /** Whether standard output is a person's terminal that shows colours. */
  colours: boolean
}): Promise<number> {
  const [name, ...rawArgs] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(renderHelp(commands))
    return EXIT.done
  }
  if (name === '--version' || name === '-v') {
    io.out(`${manifest.version}\n`)
    return EXIT.done
  }
  let log: Log | undefined
  try {
    const command = await findCommand(commands, name)
    const options = rawArgs.slice(0, rawArgs.includes('--') ? rawArgs.indexOf('--') : undefined)
    if (options.includes('--help') || options.includes('-h')) {
      io.out(await renderCommandHelp(command, colours))
      return EXIT.done
    }
    const { readArguments } = await import('./arguments.ts')
    const args = readArguments(command, rawArgs)
    const [{ prepare }, { whereItCan }] = await Promise.all([import('./prepare.ts'), import('./through-server.ts')])
    const { config, takeSecret, openServices, ...prepared } = prepare(environment)
    log = prepared.log
    const context: CommandContext = {
      io,
      cwd,
      config,
      log,
      takeSecret,
      openServices,
      runCommand: commandsRunner({ commands, config, log }),
    }
    const here = (): Promise<number> => command.run(args, context)
    if (command.isLocal) return await here()
    const { 'key-env': keyVariable } = args as Record<string, unknown>
    const typed = { argv, cwd, io, environment, keyVariable: typeof keyVariable === 'string' ? keyVariable : undefined }
    return await whereItCan(config, typed, here)
  } catch (error) {
    await tell({ error, json: rawArgs.includes('--json'), io, log })
    return exitCodeOf(error)
  }
}

/** Does the commands of clients, in a server: as `dispatch` does, with what is the client's and what is the server's. */
function commandsRunner({ commands, config, log }: { commands: Commands; config: Config; log: Log }): RunCommand {
  const runCommand: RunCommand = async ({ argv, ...request }) => {
    const [name = '', ...rawArgs] = argv
    try {
      const command = await findCommand(commands, name)
      if (command.isLocal) throw new AppError('command.invalid', `A server does not do "${name}" for others.`)
      const { readArguments } = await import('./arguments.ts')
      return await command.run(readArguments(command, rawArgs), { ...request, config, log, runCommand })
    } catch (error) {
      await tell({ error, json: rawArgs.includes('--json'), io: request.io, log })
      return exitCodeOf(error)
    }
  }
  return runCommand
}

function findCommand(commands: Commands, name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry) return entry.load()
  throw new AppError(
    'command.invalid',
    `There is no command "${name}". The commands are: ${Object.keys(commands).join(', ')}. See ./latchkey --help.`,
  )
}

async function tell({ error, json, io, log }: { error: unknown; json: boolean; io: CommandIo; log: Log | undefined }) {
  if (error instanceof AppError) {
    io.error(`latchkey: ${error.detail}\n          More: docs/errors/${error.code}.md\n`)
    if (json) io.out(`${JSON.stringify({ error: { code: error.code, detail: error.detail } })}\n`)
    log?.info({ error }, 'the command ended with an error')
    return
  }
  const { describeError } = await import('../runtime/log.ts')
  const { name, message } = describeError(error)
  io.error(
    `latchkey: Something unexpected went wrong (${name}${message ? `: ${message}` : ''}). Nothing that was done is lost; start the same command again.\n`,
  )
  if (json) io.out(`${JSON.stringify({ error: { code: 'unexpected', detail: `${name}${message ? `: ${message}` : ''}` } })}\n`)
  log?.error({ error }, 'the command ended unexpectedly')
}

function renderHelp(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  return [
    'Latchkey: AI on your own keys.',
    '',
    'Usage: ./latchkey COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    '  ./latchkey COMMAND --help shows the options of one of them.',
    '',
    'Ends with: 0 all done, 1 unexpected, 2 bad usage, 3 cap reached, 4 some items failed, 5 key refused, 130 interrupted.',
    'Configured by LATCHKEY_DATA, DATABASE_URL, LATCHKEY_MASTER_KEY_FILE, LATCHKEY_PRIVATE_HOSTS, LATCHKEY_HOST, LATCHKEY_PORT',
    'and LATCHKEY_LOG_LEVEL: see README.md.',
    '',
  ].join('\n')
}

async function renderCommandHelp({ name, description, args }: Command, colours: boolean): Promise<string> {
  const { renderUsage } = await import('citty')
  const usage = await renderUsage({ meta: { name: `./latchkey ${name}`, description }, args })
  return `${colours ? usage : stripVTControlCharacters(usage)}\n`
}
