import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Without a record of earlier runs, small files would come last: these take a minute, and one worker would wait for them. */
const SLOW =
  /\/test\/(?:enrich-ten-thousand|kill|kill-[\w]+|runs|runs-kill|batches[\w-]*|hostile-files|local-models|cli-server|e2e\/[\w-]+)\.test\.ts$/

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(({ moduleId }) => SLOW.test(moduleId)), ...sorted.filter(({ moduleId }) => !SLOW.test(moduleId))]
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/*.long.test.ts', 'node_modules/**'],
    env: { TZ: 'UTC' },
    globalSetup: ['test/support/postgres-cluster.ts', 'test/support/sweep-run.ts'],
    maxWorkers: 3, // on two cores: tests wait for processes, pages and databases a quarter of their time
    sequence: { sequencer: SlowFirst },
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } }, // a second is little for a page, or an index, on a busy machine
    hookTimeout: 60_000,
  },
})
