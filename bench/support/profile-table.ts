import { fileURLToPath } from 'node:url'
import type { Profiler } from 'node:inspector'
import { printTable } from './table.ts'
import type { ThreadProfile } from '../../test/support/load/profiler.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MOST_FUNCTIONS = 30
const IDLE = '(idle)'

interface Cost {
  readonly name: string
  selfUs: number
  totalUs: number // with all that it called
}

/**
 * Prints where the time of each thread went: by package, room or part of Node; the functions that cost most themselves; and those
 * of ours that cost most with all that they call. Microseconds for each of `requests`, and the share of the thread's busy time.
 */
export function printProfiles(profiles: readonly ThreadProfile[], { requests }: { requests: number }): void {
  for (const { thread, profile } of profiles) {
    const { byCategory, byFunction } = costsOf(profile)
    const wallUs = profile.endTime - profile.startTime
    const busyUs = sum([...byFunction.values()].map(({ selfUs }) => selfUs))
    process.stdout.write(`\n${thread}: busy ${percent(busyUs, wallUs)} of ${(wallUs / 1e6).toFixed(1)} s, ${requests} requests\n`)
    const row = (name: string, us: number): string[] => [name, (us / requests).toFixed(2), percent(us, busyUs)]
    const head = (what: string): string[] => [what, 'us a request', 'of busy']
    const top = (costs: Iterable<Cost>, by: 'selfUs' | 'totalUs', most: number): string[][] =>
      [...costs]
        .toSorted((a, b) => b[by] - a[by])
        .slice(0, most)
        .map((cost) => row(cost.name, cost[by]))
    printTable([head('where, self time'), ...top(byCategory.values(), 'selfUs', 40)])
    process.stdout.write('\n')
    printTable([head('function, self time'), ...top(byFunction.values(), 'selfUs', MOST_FUNCTIONS)])
    process.stdout.write('\n')
    const ours = [...byFunction.values()].filter(({ name }) => / src\//.test(name))
    printTable([head('our functions, with what they call'), ...top(ours, 'totalUs', MOST_FUNCTIONS)])
  }
}

/** Time by the innermost frame, and for each function also by every stack that it is in, once. */
function costsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): {
  byCategory: Map<string, Cost>
  byFunction: Map<string, Cost>
} {
  const byCategory = new Map<string, Cost>()
  const byFunction = new Map<string, Cost>()
  const costOf = (map: Map<string, Cost>, name: string): Cost => {
    const known = map.get(name) ?? { name, selfUs: 0, totalUs: 0 }
    map.set(name, known)
    return known
  }
  const selfUs = new Map<number, number>()
  for (const [index, id] of samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const walk = (node: Profiler.ProfileNode, above: ReadonlySet<string>): number => {
    if (node.callFrame.functionName === IDLE || node.callFrame.url.startsWith('node:inspector')) return 0 // the sampling itself
    const own = selfUs.get(node.id) ?? 0
    const name = functionName(node.callFrame)
    const under = new Set(above).add(name)
    const total = own + sum((node.children ?? []).map((id) => walk(byId.get(id)!, under)))
    const cost = costOf(byFunction, name)
    cost.selfUs += own
    if (!above.has(name)) cost.totalUs += total
    costOf(byCategory, category(node.callFrame)).selfUs += own
    return total
  }
  const root = nodes.find(({ callFrame }) => callFrame.functionName === '(root)') ?? nodes[0]
  if (root) walk(root, new Set())
  return { byCategory, byFunction }
}

type Frame = Profiler.ProfileNode['callFrame']

function category({ url, functionName: name }: Frame): string {
  const path = pathOf(url)
  if (url.startsWith('wasm') || name.startsWith('wasm-')) return 'WebAssembly (PGlite)'
  if (url.startsWith('node:internal/deps/')) return url.split('/').slice(0, 3).join('/')
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/')
  if (path.startsWith('src/'))
    return path
      .split('/')
      .slice(0, path.startsWith('src/apps/') ? 3 : 2)
      .join('/')
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
  if (inPackage) return inPackage
  if (name.startsWith('(')) return name
  return path === '' ? 'native' : path.split('/').slice(0, 2).join('/')
}

function functionName({ functionName: name, url, lineNumber }: Frame): string {
  if (name.startsWith('(') || url === '') return name || '(native)'
  return `${name || '(anonymous)'} ${pathOf(url).replace(/^.*node_modules\//, '')}:${lineNumber + 1}`
}

const pathOf = (url: string): string => (url.startsWith('file://') ? fileURLToPath(url).replace(ROOT, '') : url)

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`
