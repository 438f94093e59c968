import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { chooseFields, defaultRecipe } from '../apps/enrichment/default-recipe.ts'
import { acceptFlagged, deliver } from '../apps/enrichment/deliver.ts'
import { createEstimator, type Estimate } from '../apps/enrichment/estimate.ts'
import { type EnrichmentJob, type EnrichmentOrder, finishJob, isRunnable, prepareJob, scopeOf } from '../apps/enrichment/job.ts'
import { fitColumns } from '../apps/enrichment/fit-columns.ts'
import { keptPlan, planView } from '../apps/enrichment/planner/plan-view.ts'
import type { Plan } from '../apps/enrichment/planner/steps.ts'
import { withLocale } from '../apps/enrichment/prompt.ts'
import { readRecipe } from '../apps/enrichment/read-recipe.ts'
import type { Recipe } from '../contract/recipe.ts'
import { AppError } from '../base/errors.ts'
import { isBatched } from '../calls/price.ts'
import { columnNames, detectFormat, type FileFormat, type FormatOverrides } from '../catalogue/formats/detect.ts'
import { checkWritable } from '../catalogue/formats/write.ts'
import { type Connection, setPrices } from '../connections/connections.ts'
import { commandLineWorkspace } from '../people/workspaces.ts'
import { regionOf } from '../providers/asked.ts'
import { findProvider } from '../providers/registry.ts'
import { updateRun } from '../runs/runs.ts'
import type { CommandContext } from './command.ts'
import { ACTOR, commandConnection, commandDestination } from './connect.ts'
import { type EnrichOptions, readEnrichOptions } from './enrich-options.ts'
import { buildReport, exitCodeOfReport, printReport, reportBeforeRun } from './enrich-report.ts'
import { runApproved } from './enrich-run.ts'
import { describeFormat, describePlan, describeQuote } from './enrich-text.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { type Interruptible, interruptible } from './interrupt.ts'
import type { CommandIo } from '../server/command-request.ts'
import type { Services } from '../server/services.ts'

const CURRENCY = 'USD'
const DECISION = 'accepted by command'

/** `latchkey enrich`: imports, quotes, runs, exports, and prints the receipt. The person who runs it approves what it writes. */
export async function enrich(args: Readonly<Record<string, unknown>>, context: CommandContext): Promise<ExitCode> {
  const { io, cwd, log, takeSecret, openServices } = context
  const startedMs = performance.now()
  const options = readEnrichOptions(args)
  const say = options.json ? () => undefined : (text: string) => io.error(`${text}\n`)
  const provider = findProvider(options.provider)
  const { destination, privateHosts } = commandDestination(provider, options.destination)
  const asked = await recipeOf(options, cwd)
  const file = await realpath(resolve(cwd, options.file)).catch(() => {
    throw new AppError('file.unreadable', `There is no file ${options.file}. Check the path.`)
  })
  const output = resolve(cwd, options.out)
  await checkWritable(output)
  const format = await detectFormat(file, overridesOf(options))
  say(describeFormat(options.file, format))
  const recipe = fitColumns(asked, columnNames(format))

  using atTheEnd = new DisposableStack()
  atTheEnd.defer(takeFile(file, options.file))
  const services = await openServices({ purpose: `latchkey enrich ${options.file}`, privateHosts })
  const interrupt = interruptible(io, say)
  try {
    log.info({ engine: services.database.engine }, 'ready')
    const { id: workspaceId } = await commandLineWorkspace(services.database)
    const found = await commandConnection({
      services,
      workspaceId,
      provider,
      destination,
      keyVariable: options.keyVariable,
      takeSecret,
    })
    const connection = await priced(services, found, options)
    const order: EnrichmentOrder = {
      workspaceId,
      actor: ACTOR,
      decision: DECISION,
      file,
      format,
      recipe,
      connection,
      model: options.model,
      limit: options.limit,
      capNano: options.capNano,
      currency: CURRENCY,
      acceptFlagged: options.acceptFlagged,
      steps: options.steps,
    }
    return await carryOut({ io, services, order, output, options, format, interrupt, say, startedMs })
  } catch (error) {
    if (!interrupt.signal.aborted || error instanceof AppError) throw error
    const report = reportBeforeRun({
      currency: CURRENCY,
      seconds: (performance.now() - startedMs) / 1_000,
      practice: provider.key === 'none',
    })
    printReport(io, report, { json: options.json, out: options.out })
    return EXIT.interrupted
  } finally {
    interrupt.end()
    await services.close()
  }
}

/** Files that commands of this process are at work on: in a server there can be several. */
const taken = new Set<string>()

/** @returns what gives it back. @throws AppError command.running */
function takeFile(file: string, name: string): () => void {
  if (taken.has(file)) {
    throw new AppError(
      'command.running',
      `Another command is at work on ${name} at this moment. Wait until it has ended, then start this one again.`,
    )
  }
  taken.add(file)
  return () => void taken.delete(file)
}

async function carryOut({
  io,
  services,
  order,
  output,
  options,
  format,
  interrupt,
  say,
  startedMs,
}: {
  io: CommandIo
  services: Services
  order: EnrichmentOrder
  output: string // absolute path
  options: EnrichOptions
  format: FileFormat
  interrupt: Interruptible
  say: (text: string) => void
  startedMs: number
}): Promise<ExitCode> {
  const { workspaceId, recipe, connection, model, currency, steps } = order
  const candidate = {
    connectionId: connection.id,
    provider: connection.provider,
    model,
    rateCard: connection.prices,
    standsFor: connection.models?.[model],
    region: regionOf(findProvider(connection.provider), connection.destination),
  }
  if (options.steps.batch && !isBatched(candidate, services.clock.now())) throw noBatches(order)
  const estimator = await createEstimator(services, { workspaceId, recipe, candidate, currency, steps }, { canary: options.canary })
  const job = await prepareJob(services, order, {
    watch: { onStale: (product) => estimator.add(product), onUnchanged: (shown) => estimator.addUnchanged(shown) },
    signal: interrupt.signal,
  })
  if (services.interruptedCalls > 0)
    say(`${services.interruptedCalls} calls were cut off when Latchkey last ended; they are in the ledger as interrupted.`)
  const estimate = estimator.estimate()
  say(describeQuote(job, estimate, order))
  const planned = estimator.plan()
  const plan = planView(planned, CURRENCY)
  if (job.run) say(describePlan(plan))
  const quoted = await keepQuote(services, job, { estimate, plan: planned })
  const end = isRunnable(job) ? await runApproved({ io, services, job, options, interrupt, estimator, say }) : undefined
  if (end?.kind === 'withdrawn') {
    say('Nothing was run and nothing was written.')
    return EXIT.done
  }
  if (options.acceptFlagged) {
    await acceptFlagged(scopeOf(services, job), DECISION)
  }
  if (end?.kind === 'interrupted' && options.steps.batch)
    say('What is in a batch goes on at the provider, and is charged there. The same command collects it, also tomorrow.')
  const delivery =
    end?.kind === 'interrupted'
      ? undefined
      : await deliver({
          database: services.database,
          workspaceId: order.workspaceId,
          ...job.source,
          lastRow: job.lastRow,
          makings: job.makings,
          input: order.file,
          output,
          format,
        })
  if (delivery) services.log.info({ count: delivery.rows }, 'exported')
  if (isRunnable(job) && end?.kind === 'finished') await finishJob(services, job)
  const report = await buildReport({ services, job, end, delivery, quoted, plan, seconds: (performance.now() - startedMs) / 1_000 })
  printReport(io, report, { json: options.json, out: options.out })
  return exitCodeOfReport(report)
}

const noBatches = ({ model, connection }: EnrichmentOrder): AppError =>
  new AppError(
    'batch.unavailable',
    `No batch price of ${model} at ${connection.provider} is known${connection.prices ? ' beside the prices that you entered' : ''}. Leave --batch out, or choose another model.`,
  )

/** The first quote of a run is the one its receipt is held against, however often it is taken up again. */
async function keepQuote(
  services: Services,
  job: EnrichmentJob,
  { estimate, plan }: { estimate: Estimate; plan: Plan },
): Promise<Estimate['quoted']> {
  if (!job.run) return { currency: CURRENCY, low: '0', high: '0' }
  if (job.run.quote) {
    const { currency, low, high } = job.run.quote as unknown as Estimate['quoted']
    return { currency, low, high }
  }
  const { id } = job.run
  const quote = { ...estimate.quoted, plan: keptPlan([plan], CURRENCY) }
  await services.database.inWorkspace(job.order.workspaceId, (tx) => updateRun(tx, id, { quote }))
  return estimate.quoted
}

async function recipeOf({ recipe: path, fields, locale, perCall }: EnrichOptions, cwd: string): Promise<Recipe> {
  const read = path === undefined ? undefined : await readRecipe(resolve(cwd, path))
  const base = read ? (fields ? chooseFields(read, fields) : read) : defaultRecipe({ fields: fields!, ...(locale ? { locale } : {}) })
  const localised = locale === undefined ? base : withLocale(base, locale)
  return perCall === undefined ? localised : { ...localised, perCall }
}

function overridesOf({ delimiter, encoding, identifier, textColumns, sheet, headerRow }: EnrichOptions): FormatOverrides {
  return {
    ...(delimiter ? { delimiter } : {}),
    ...(encoding ? { encoding } : {}),
    ...(identifier ? { identifier } : {}),
    ...(sheet ? { sheet } : {}),
    ...(headerRow ? { headerRow } : {}),
    ...(textColumns ? { text: [...textColumns] } : {}),
  }
}

/** The connection with the prices of `--price`, where the person gave some. */
async function priced(services: Services, connection: Connection, { price, model }: EnrichOptions): Promise<Connection> {
  if (!price) return connection
  // What the person was not asked for costs what input costs: caches are a discount they did not claim.
  const prices = {
    input_tokens: price.input,
    cache_write_tokens: price.input,
    cache_write_long_tokens: price.input,
    output_tokens: price.output,
  }
  return services.database.inWorkspace(connection.workspaceId, (tx) =>
    setPrices(tx, { actor: ACTOR, connection, model, currency: CURRENCY, prices }),
  )
}
