import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { ROOT, runTool } from './steps.ts'
import { readReport } from './test-report.ts'

/**
 * `npm test [-- FILTER]`: the checks, then the tests. With arguments for Vitest only the tests they choose.
 * `npm run test:long`: the suites in *.long.test.ts (fuzz, soak, many kills). Ends with one line of numbers.
 */
const long = process.argv.includes('--long')
const vitestArgs = process.argv.slice(2).filter((arg) => arg !== '--long' && arg !== '--')
const chosen = vitestArgs.length > 0

const checks = long || chosen ? { passed: 0, failed: 0 } : await runChecks()

mkdirSync(join(ROOT, '.cache'), { recursive: true })
const report = join(ROOT, '.cache', `test-report.${process.pid}.json`)
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
const config = long ? ['--config', 'vitest.long.config.ts'] : []
const { exitCode } = await runTool('tests', { args: [...config, ...reporters, ...vitestArgs], show: true })
const tests = readReport(report, exitCode)

if (tests.skipped.length > 0) process.stdout.write(`\nSkipped:\n${tests.skipped.map((line) => `  ${line}\n`).join('')}`)
if (chosen && !long) process.stdout.write('\nThe checks (npm run check) were left out because tests were chosen.\n')
for (const failure of tests.failedFiles) process.stdout.write(`\nNot run: ${failure}\n`)

const failed = checks.failed + tests.failed
process.stdout.write(`\n${checks.passed + tests.passed} passed, ${failed} failed, ${tests.skippedCount} skipped\n`)
process.exitCode = failed > 0 ? 1 : 0
