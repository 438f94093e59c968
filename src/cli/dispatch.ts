import { stripVTControlCharacters } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }
import { AppError } from '../base/errors.ts'
import type { Command, CommandContext } from './command.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'

/** A command as the table knows it, before its file is loaded. */
export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

export interface Terminal {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** Whether `out` is a person's terminal that shows colours. */
  readonly colours: boolean
}

/**
 * Runs the command that `argv` names and says how the process ends. Errors are told on standard error: what happened and what
 * to do; with --json as one object on standard output too.
 */
export async function dispatch({
  argv,
  commands,
  environment,
  terminal,
}: {
  argv: readonly string[]
  commands: Readonly<Record<string, CommandEntry>>
  environment: Readonly<Record<string, string | undefined>>
  terminal: Terminal
}): Promise<ExitCode> {
  const [name, ...rawArgs] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(renderHelp(commands))
    return EXIT.done
  }
  if (name === '--version' || name === '-v') {
    terminal.out(`${manifest.version}\n`)
    return EXIT.done
  }
  let context: CommandContext | undefined
  try {
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!entry)
      throw new AppError(
        'command.invalid',
        `There is no command "${name}". The commands are: ${Object.keys(commands).join(', ')}. See ./latchkey --help.`,
      )
    const command = await entry.load()
    const options = rawArgs.slice(0, rawArgs.includes('--') ? rawArgs.indexOf('--') : undefined)
    if (options.includes('--help') || options.includes('-h')) {
      terminal.out(await renderCommandHelp(command, terminal))
      return EXIT.done
    }
    const { readArguments } = await import('./arguments.ts')
    const args = readArguments(command, rawArgs)
    context = await prepare(environment)
    return await command.run(args, context)
  } catch (error) {
    await tell({ error, json: rawArgs.includes('--json'), terminal, context })
    return exitCodeOf(error)
  }
}

/** Configuration, log and crash guard: loaded only for a command that runs, so that help is quick. */
async function prepare(environment: Readonly<Record<string, string | undefined>>): Promise<CommandContext> {
  const [{ loadConfig }, { createLog }, { guardProcess }] = await Promise.all([
    import('../runtime/config.ts'),
    import('../runtime/log.ts'),
    import('../runtime/process.ts'),
  ])
  const config = loadConfig(environment)
  const log = createLog({ level: config.logLevel })
  guardProcess({ log })
  return { config, log }
}

async function tell({
  error,
  json,
  terminal,
  context,
}: {
  error: unknown
  json: boolean
  terminal: Terminal
  context: CommandContext | undefined
}) {
  if (error instanceof AppError) {
    terminal.error(`latchkey: ${error.detail}\n          More: docs/errors/${error.code}.md\n`)
    if (json) terminal.out(`${JSON.stringify({ error: { code: error.code, detail: error.detail } })}\n`)
    context?.log.info({ error }, 'the command ended with an error')
    return
  }
  const { describeError } = await import('../runtime/log.ts')
  const { name, message } = describeError(error)
  terminal.error(
    `latchkey: Something unexpected went wrong (${name}${message ? `: ${message}` : ''}). Nothing that was done is lost; start the same command again.\n`,
  )
  if (json) terminal.out(`${JSON.stringify({ error: { code: 'unexpected', detail: `${name}${message ? `: ${message}` : ''}` } })}\n`)
  context?.log.error({ error }, 'the command ended unexpectedly')
}

function renderHelp(commands: Readonly<Record<string, CommandEntry>>): string {
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
    'Configured by LATCHKEY_DATA, DATABASE_URL, LATCHKEY_MASTER_KEY_FILE, LATCHKEY_PRIVATE_HOSTS and LATCHKEY_LOG_LEVEL: see README.md.',
    '',
  ].join('\n')
}

async function renderCommandHelp({ name, description, args }: Command, { colours }: Terminal): Promise<string> {
  const { renderUsage } = await import('citty')
  const usage = await renderUsage({ meta: { name: `./latchkey ${name}`, description }, args })
  return `${colours ? usage : stripVTControlCharacters(usage)}\n`
}
