import { expect, it } from 'vitest'
import { countTests, readReport } from '../tools/test-report.ts'

const test = (status: string, suite: string, title = 'a test') => ({ ancestorTitles: [suite, 'inner'], title, status })

it('counts, and names each skipped suite once with the reason that its name gives', () => {
  const numbers = countTests(
    {
      testResults: [
        {
          name: 'a.test.ts',
          status: 'passed',
          assertionResults: [
            test('passed', 'works'),
            test('skipped', 'prices (skipped: no ../shared)'),
            test('pending', 'prices (skipped: no ../shared)'),
          ],
        },
        { name: 'b.test.ts', status: 'failed', assertionResults: [test('failed', 'breaks'), test('passed', 'works')] },
      ],
    },
    1,
  )
  expect(numbers).toMatchObject({ passed: 2, failed: 1, skippedCount: 2, failedFiles: [] })
  expect(numbers.skipped).toHaveLength(1)
  expect(numbers.skipped[0]).toMatch(/a\.test\.ts: prices \(skipped: no \.\.\/shared\) \(2 tests\)$/)
})

it('a file that does not load is a failure', () => {
  const numbers = countTests({ testResults: [{ name: '/x/c.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] }] }, 1)
  expect(numbers.failed).toBe(1)
  expect(numbers.failedFiles).toHaveLength(1)
})

it('an error outside every test, and a run without a report, are failures', () => {
  expect(countTests({ testResults: [] }, 1).failed).toBe(1)
  expect(
    countTests({ testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [test('passed', 'works')] }] }, 1),
  ).toMatchObject({ passed: 1, failed: 1 })
  expect(readReport('/nonexistent/report.json', 0).failed).toBe(1)
})
