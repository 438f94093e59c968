import { defineConfig } from 'vitest/config'
import shared from './vitest.config.ts'

/** The suites that take minutes: fuzz, soak, many kills (npm run test:long). */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['src/**/*.long.test.ts', 'test/**/*.long.test.ts', 'test/enrich-ten-thousand.test.ts'],
    env: { LATCHKEY_LONG: '1' }, // suites that `npm test` runs on less
    exclude: ['node_modules/**'],
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
})
