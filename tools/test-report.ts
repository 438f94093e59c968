import { readFileSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { z } from 'zod'
import { ROOT } from './steps.ts'

/** The part that we read of what Vitest's JSON reporter writes. */
const REPORT = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() })),
    }),
  ),
})

export interface TestNumbers {
  readonly passed: number
  readonly failed: number
  readonly skippedCount: number
  /** Each skipped suite once, with its number of tests; the reason is in its name. */
  readonly skipped: readonly string[]
  /** Files that failed before or outside their tests. */
  readonly failedFiles: readonly string[]
}

/** Reads and removes the report of a test run. A run that failed for a reason no test shows counts as one failure. */
export function readReport(file: string, exitCode: number): TestNumbers {
  let parsed: z.infer<typeof REPORT>
  try {
    parsed = REPORT.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return { passed: 0, failed: 1, skippedCount: 0, skipped: [], failedFiles: ['Vitest ended without a report'] }
  } finally {
    rmSync(file, { force: true })
  }
  return countTests(parsed, exitCode)
}

/** As `readReport`, on a parsed report. */
export function countTests(report: z.infer<typeof REPORT>, exitCode: number): TestNumbers {
  let passed = 0
  let failed = 0
  let skippedCount = 0
  const skipped = new Map<string, number>()
  const failedFiles: string[] = []
  for (const file of report.testResults) {
    const path = relative(ROOT, file.name)
    let failedHere = 0
    for (const { ancestorTitles, title, status } of file.assertionResults) {
      if (status === 'passed') passed += 1
      else if (status === 'failed') failedHere += 1
      else {
        skippedCount += 1
        const suite = `${path}: ${ancestorTitles[0] ?? title}`
        skipped.set(suite, (skipped.get(suite) ?? 0) + 1)
      }
    }
    if (file.status === 'failed' && failedHere === 0) {
      failedFiles.push(path)
      failedHere = 1
    }
    failed += failedHere
  }
  if (exitCode !== 0 && failed === 0) failed = 1 // an error outside every test, or no tests at all
  const lines = [...skipped].map(([suite, count]) => `${suite} (${count} ${count === 1 ? 'test' : 'tests'})`)
  return { passed, failed, skippedCount, skipped: lines, failedFiles }
}
