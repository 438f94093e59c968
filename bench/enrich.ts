import { join } from 'node:path'
import { type Catalogue, writeCatalogue } from './support/catalogue.ts'
import { type CommandRun, idleMemory, makeWorkplace, runEnrich, type Phase, type Workplace } from './support/command.ts'
import { compareLayouts, type Layout, OUTPUT_TOKENS } from './support/layouts.ts'
import { startMock } from './support/mock.ts'
import { printTable } from './support/table.ts'

/**
 * `npm run bench -- enrich [--quick] [--json]`: the main job from the command line, as a process of its own against a
 * provider that is another. Import speed, wall time over the ideal, processor time and memory per item at two sizes, what a
 * second start costs, and tokens and list price of four layouts. Figures, no verdicts: machines differ.
 */
const CONCURRENCY = 64
const OPTIONS = '--provider openai --model gpt-4o-mini --key-env BENCH_KEY --fields title,description,attributes --per-call 1 --yes --json'

interface LoadFigures {
  readonly catalogue: string
  readonly items: number
  readonly latencyMs: number
  readonly succeeded: number
  readonly flagged: number
  readonly failed: number
  readonly importRowsPerSecond: number
  readonly runSeconds: number
  readonly commandSeconds: number
  readonly runOverIdeal: number
  readonly commandOverIdeal: number
  readonly cpuMsPerItem: number | null // null: no /proc on this system
  readonly idleMb: number | null
  readonly peakMb: number | null // from the first moment that everything is open to the end
  readonly peakMbUntil: Readonly<Record<string, number>> // by the phase that ends the stretch
  readonly mockCpuMsPerAnswer: number
  readonly mostInFlight: number
}

interface StartFigures {
  readonly items: number
  readonly seconds: number
  readonly calls: number
  readonly phases: Readonly<Record<string, { readonly seconds: number; readonly cpuMs: number | null }>>
}

const quick = process.argv.includes('--quick')
const asJson = process.argv.includes('--json')
const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(`${text}\n`)
const sizes = quick ? { small: 1_000, large: 10_000 } : { small: 10_000, large: 100_000 }

const small = await load({ items: sizes.small, latencyMs: 1_000, again: true })
const large = await load({ items: sizes.large, latencyMs: 50, again: false })
const layouts = await layoutsOf(10_000)

if (asJson) process.stdout.write(`${JSON.stringify({ small: small.figures, large: large.figures, again: small.again, layouts })}\n`)
else printAll()

/** One run of the command, and with `again` a second one on the unchanged file. */
async function load({ items, latencyMs, again }: { items: number; latencyMs: number; again: boolean }) {
  const workplace = await makeWorkplace()
  const mock = await startMock({ latencyMs })
  try {
    const catalogue = await writeCatalogue({ path: join(workplace.folder, 'catalogue.csv'), products: items })
    const idleMb = await idleMemory(workplace)
    say(`${items} products at ${latencyMs} ms, ${CONCURRENCY} at a time ...`)
    const args = enrichArguments(workplace, catalogue, mock.baseUrl)
    const run = await runEnrich(args, { workplace })
    const report = await mock.report()
    const mockFigures = { mockCpuMsPerAnswer: report.cpuMs / report.requests, mostInFlight: report.mostInFlight }
    const figures: LoadFigures = { ...figuresOf(run, { catalogue, latencyMs, idleMb }), ...mockFigures }
    return { figures, again: again ? startFigures(await runEnrich(args, { workplace }), items) : undefined }
  } finally {
    await mock.stop()
    workplace.remove()
  }
}

function enrichArguments({ folder }: Workplace, { path }: Catalogue, baseUrl: string): string[] {
  const own = [path, '--out', join(folder, 'enriched.csv'), '--base-url', baseUrl, '--concurrency', String(CONCURRENCY)]
  return [...own, ...OPTIONS.split(' ')]
}

function figuresOf(
  run: CommandRun,
  { catalogue, latencyMs, idleMb }: { catalogue: Catalogue; latencyMs: number; idleMb: number | null },
): Omit<LoadFigures, 'mockCpuMsPerAnswer' | 'mostInFlight'> {
  const { products: items } = catalogue
  const between = (from: Phase, to: Phase): { seconds: number; cpuMs: number | null } => stretch(run, from, to)
  const running = between('run started', 'run ended')
  const idealSeconds = (items * latencyMs) / CONCURRENCY / 1_000
  const afterStart = (['imported', 'planned', 'run started', 'run ended', 'exported'] as const).map((phase) => run.peakMb.get(phase) ?? 0)
  return {
    catalogue: catalogue.source,
    items,
    latencyMs,
    succeeded: Number(run.report['succeeded']),
    flagged: Number(run.report['flagged']),
    failed: Number(run.report['failed']),
    importRowsPerSecond: items / between('ready', 'imported').seconds,
    runSeconds: running.seconds,
    commandSeconds: run.wallMs / 1_000,
    runOverIdeal: running.seconds / idealSeconds,
    commandOverIdeal: run.wallMs / 1_000 / idealSeconds,
    cpuMsPerItem: running.cpuMs === null ? null : running.cpuMs / items,
    idleMb,
    peakMb: run.overallPeakMb === undefined ? null : Math.max(...afterStart, run.lastPeakMb),
    peakMbUntil: { ...Object.fromEntries(run.peakMb), end: run.lastPeakMb },
  }
}

function startFigures(run: CommandRun, items: number): StartFigures {
  const steps: [string, Phase | 'start', Phase | 'end'][] = [
    ['start: modules, database, key', 'start', 'ready'],
    ['read the file', 'ready', 'imported'],
    ['plan', 'imported', 'planned'],
    ['write the output', 'planned', 'exported'],
    ['receipt and close', 'exported', 'end'],
  ]
  const phases = Object.fromEntries(steps.map(([name, from, to]) => [name, stretch(run, from, to)]))
  return { items, seconds: run.wallMs / 1_000, calls: Number(run.report['calls']), phases }
}

function stretch(run: CommandRun, from: Phase | 'start', to: Phase | 'end'): { seconds: number; cpuMs: number | null } {
  const at = (phase: Phase | 'start' | 'end'): { ms: number; cpuMs: number | null } => {
    if (phase === 'start') return { ms: 0, cpuMs: 0 }
    if (phase === 'end') return { ms: run.wallMs, cpuMs: run.lastSample?.cpuMs ?? null }
    const reached = run.reached.get(phase)
    if (!reached) throw new Error(`the command did not say "${phase}"`)
    return { ms: reached.sinceStartMs, cpuMs: reached.sample?.cpuMs ?? null }
  }
  const [a, b] = [at(from), at(to)]
  return { seconds: (b.ms - a.ms) / 1_000, cpuMs: a.cpuMs === null || b.cpuMs === null ? null : b.cpuMs - a.cpuMs }
}

async function layoutsOf(products: number): Promise<{ catalogue: string; rows: Layout[] }> {
  const workplace = await makeWorkplace()
  try {
    const catalogue = await writeCatalogue({ path: join(workplace.folder, 'catalogue.csv'), products })
    return { catalogue: catalogue.source, rows: await compareLayouts(catalogue.path) }
  } finally {
    workplace.remove()
  }
}

function printAll(): void {
  const [a, b] = [small.figures, large.figures]
  const of = (left: number | null, right: number | null): string => (left === null || right === null ? '?' : (right / left).toFixed(2))
  const over = (figures: LoadFigures): number | null =>
    figures.peakMb === null || figures.idleMb === null ? null : figures.peakMb - figures.idleMb
  const rows: [string, (figures: LoadFigures) => string][] = [
    ['products', ({ items }) => String(items)],
    ['provider latency, calls at a time', ({ latencyMs }) => `${latencyMs} ms, ${CONCURRENCY}`],
    ['succeeded / flagged / failed', ({ succeeded, flagged, failed }) => `${succeeded} / ${flagged} / ${failed}`],
    ['import', ({ importRowsPerSecond }) => `${Math.round(importRowsPerSecond)} rows/s`],
    ['run, wall time', ({ runSeconds }) => `${runSeconds.toFixed(1)} s`],
    ['run over ideal (items x latency / calls at a time)', ({ runOverIdeal }) => runOverIdeal.toFixed(3)],
    ['whole command, wall time', ({ commandSeconds }) => `${commandSeconds.toFixed(1)} s`],
    ['whole command over ideal', ({ commandOverIdeal }) => commandOverIdeal.toFixed(3)],
    ['processor time an item, run', ({ cpuMsPerItem }) => `${cpuMsPerItem?.toFixed(2) ?? '?'} ms`],
    ['memory when idle', ({ idleMb }) => `${idleMb?.toFixed(0) ?? '?'} MB`],
    ['peak memory', ({ peakMb }) => `${peakMb?.toFixed(0) ?? '?'} MB`],
    ['peak over idle', (figures) => `${over(figures)?.toFixed(0) ?? '?'} MB`],
    ['most calls in flight, as the mock saw', ({ mostInFlight }) => String(mostInFlight)],
    ["the mock's own processor time an answer", ({ mockCpuMsPerAnswer }) => `${mockCpuMsPerAnswer.toFixed(2)} ms`],
  ]
  printTable([['', 'A', 'B'], ...rows.map(([name, show]) => [name, show(a), show(b)])])
  say(`A: ${a.catalogue}. B: ${b.catalogue}.`)
  say(`B over A: processor time an item ${of(a.cpuMsPerItem, b.cpuMsPerItem)}, peak memory ${of(a.peakMb, b.peakMb)}`)
  if (a.cpuMsPerItem === null) say('Processor time and memory are read from /proc, which this system lacks.')
  const { again } = small
  if (again) {
    say(`\nThe command of A once more, nothing changed: ${again.seconds.toFixed(1)} s, ${again.calls} calls`)
    printTable([
      ['', 'wall', 'processor'],
      ...Object.entries(again.phases).map(([name, { seconds, cpuMs }]) => [
        name,
        `${seconds.toFixed(2)} s`,
        cpuMs === null ? '?' : `${Math.round(cpuMs)} ms`,
      ]),
    ])
  }
  say(`\nPer 10,000 products at gpt-4o-mini's list price: title, description and five attributes; ${layouts.catalogue}`)
  printTable([
    ['layout', 'calls', 'tokens in a product', 'tokens out a product', 'USD'],
    ...layouts.rows.map((row) => [
      row.name,
      String(row.calls),
      String(row.inputTokensPerProduct),
      String(row.outputTokensPerProduct),
      row.costPer10000 ?? 'unknown',
    ]),
  ])
  say(
    `Input is counted with o200k_base, JSON schema and message frames included; output is taken as ${OUTPUT_TOKENS} tokens a product in every layout.`,
  )
}
