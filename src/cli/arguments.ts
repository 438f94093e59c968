import { parseArgs as tokenize, stripVTControlCharacters } from 'node:util'
import { parseArgs, type ArgsDef, type ParsedArgs } from 'citty'
import { AppError } from '../base/errors.ts'

/**
 * A command's arguments, strictly: citty drops an option it does not know and takes a missing value for an empty one, but a
 * mistyped `--cap` must not become a run without a cap.
 * @throws AppError command.invalid
 */
export function readArguments<Args extends ArgsDef>(command: { name: string; args: Args }, rawArgs: readonly string[]): ParsedArgs<Args> {
  const { name, args } = command
  const help = `See ./latchkey ${name} --help.`
  const refuse = (text: string): never => {
    throw new AppError('command.invalid', `${text} ${help}`)
  }
  const options = optionsOf(args)
  const { tokens } = tokenize({ args: [...rawArgs], options, allowPositionals: true, allowNegative: true, strict: false, tokens: true })
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = options[token.name]
    if (!option) {
      const near = Object.keys(options).filter((known) => isNear(known, token.name))
      refuse(
        `There is no option ${token.rawName}.${near.length > 0 ? ` Did you mean ${near.map((known) => `--${known}`).join(' or ')}?` : ''}`,
      )
    } else if (seen.has(token.name)) refuse(`${token.rawName} is given twice.`)
    else if (option.type === 'boolean' && token.value !== undefined) refuse(`${token.rawName} takes no value.`)
    else if (option.type === 'string' && !token.value) refuse(`${token.rawName} needs a value.`)
    else if (option.type === 'string' && !token.inlineValue && /^-./.test(token.value!)) {
      refuse(`${token.rawName} needs a value. (A value that begins with "-" is written ${token.rawName}=${token.value}.)`)
    }
    seen.add(token.name)
  }
  const most = Object.values(args).filter((arg) => arg.type === 'positional').length
  const positionals = tokens.filter((token) => token.kind === 'positional')
  if (positionals.length > most) refuse(`"${positionals[most]!.value}" is one argument too many.`)
  try {
    return parseArgs<Args>([...rawArgs], args)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'CLIError') throw error
    return refuse(`${stripVTControlCharacters(error.message).replace(/\.$/, '')}.`)
  }
}

function optionsOf(args: ArgsDef): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {}
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === 'positional') continue
    const short = ('alias' in arg && arg.alias ? [arg.alias].flat() : []).find((alias) => alias.length === 1)
    options[name] = { type: arg.type === 'boolean' ? 'boolean' : 'string', ...(short ? { short } : {}) }
  }
  return options
}

/** One begins with the other, or they differ by one letter that is missing, added or another. */
function isNear(a: string, b: string): boolean {
  if (b.length >= 3 && (a.startsWith(b) || b.startsWith(a))) return true
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at += 1
  return short.slice(at + (short.length === long.length ? 1 : 0)) === long.slice(at + 1)
}
