import { modelsOfConnection } from '../apps/connection-checks/list-models.ts'
import { AppError } from '../base/errors.ts'
import { groupDigits } from '../base/text.ts'
import { commandLineWorkspace } from '../people/workspaces.ts'
import { type ListedModel, listModels } from '../prices/models.ts'
import { isSpoken, regionOf } from '../providers/asked.ts'
import { findProvider } from '../providers/registry.ts'
import { defineCommand } from './command.ts'
import { ACTOR, commandConnection, commandDestination } from './connect.ts'
import { connectionArguments, enteredDestination } from './connection-arguments.ts'
import { EXIT } from './exit-codes.ts'

/** `latchkey models`: what a provider offers, so that a person can choose. Without a key, what the price book knows. */
export const models = defineCommand({
  name: 'models',
  description:
    "List a provider's models with price, context and shutdown date. With --key-env or --base-url the provider itself is asked, free of charge.",
  args: {
    ...connectionArguments,
    json: { type: 'boolean', description: 'Print one JSON object' },
  },
  async run(args, { io, openServices, takeSecret }) {
    const provider = findProvider(args.provider)
    const { 'key-env': keyVariable } = args
    const entered = enteredDestination(args)
    const asked = provider.listModels !== undefined && (entered.baseUrl !== undefined || keyVariable !== undefined)
    let offered = listModels({ provider: provider.id, at: new Date() }).filter(({ id }) => isSpoken(provider, id))
    if (asked) {
      const { destination, privateHosts } = commandDestination(provider, entered)
      const services = await openServices({ purpose: 'latchkey models', privateHosts })
      try {
        const { id: workspaceId } = await commandLineWorkspace(services.database)
        const connection = await commandConnection({ services, workspaceId, provider, destination, keyVariable, takeSecret })
        const signal = AbortSignal.timeout(60_000)
        offered = await modelsOfConnection(services, {
          workspaceId,
          connectionId: connection.id,
          provider: provider.id,
          region: regionOf(provider, destination),
          actor: ACTOR,
          signal,
        })
      } finally {
        await services.close()
      }
    } else if (provider.baseUrl === undefined) {
      throw new AppError('command.invalid', `Give the server's address with --base-url, and its models are listed.`)
    }
    if (args.json) io.out(`${JSON.stringify({ provider: provider.id, source: asked ? 'provider' : 'price book', models: offered })}\n`)
    else io.out(modelTable(offered, asked ? provider.name : 'the price book'))
    return EXIT.done
  },
})

function modelTable(offered: readonly ListedModel[], source: string): string {
  if (offered.length === 0) return `No models are known from ${source}.\n`
  const rows = offered.map((model) => [
    model.id,
    price(model, 'input_tokens'),
    price(model, 'cache_read_tokens'),
    price(model, 'output_tokens'),
    model.contextTokens ? groupDigits(String(model.contextTokens), ' ') : '',
    model.shutdownDate ? `${model.shutdownDate}${model.successor ? ` → ${model.successor}` : ''}` : '',
  ])
  const head = ['model', 'input', 'cached', 'output', 'context', 'shuts down']
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 || column === 5 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  const oldest = offered.flatMap(({ checkedAt }) => (checkedAt ? [checkedAt] : [])).sort()[0]
  const note = `From ${source}. Prices per million tokens${oldest ? `, checked ${oldest} or later` : ''}; "unknown" is not free.\n`
  return `${[head, ...rows].map(line).join('\n')}\n\n${note}`
}

function price({ prices, currency, free }: ListedModel, unit: 'input_tokens' | 'cache_read_tokens' | 'output_tokens'): string {
  if (free) return 'free'
  const amount = prices[unit]
  if (amount === undefined) return unit === 'cache_read_tokens' ? '' : 'unknown'
  return currency === 'USD' ? `$${amount}` : `${amount} ${currency}`
}
