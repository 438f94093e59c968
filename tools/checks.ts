import { checkHouse, formatFinding } from './check-house.ts'
import { formatSeconds, ROOT, runTool, type Outcome } from './steps.ts'

const CHECKS: readonly { readonly name: string; readonly run: () => Promise<Outcome> }[] = [
  { name: 'types', run: () => runTool('types') },
  { name: 'types of the page', run: () => runTool('webTypes') },
  { name: 'lint', run: () => runTool('lint') },
  { name: 'format', run: () => runTool('format') },
  { name: 'unused code', run: () => runTool('unused') },
  { name: 'house rules', run: () => Promise.resolve(checkHouseRules()) },
]

/** Types, lint, format, unused code and house rules, each in one line, with what it found when that is something. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  let failed = 0
  for (const { name, run } of CHECKS) {
    const started = performance.now()
    const { exitCode, output } = await run()
    process.stdout.write(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${name} (${formatSeconds(performance.now() - started)})\n`)
    if (exitCode !== 0) failed += 1
    if (exitCode !== 0 || name === 'house rules') process.stdout.write(output)
  }
  return { passed: CHECKS.length - failed, failed }
}

function checkHouseRules(): Outcome {
  const { violations, warnings } = checkHouse(ROOT)
  const lines = [...violations.map((one) => `error: ${formatFinding(one)}\n`), ...warnings.map((one) => `warning: ${formatFinding(one)}\n`)]
  return { exitCode: violations.length > 0 ? 1 : 0, output: lines.join('') }
}
