import { runChecks } from './checks.ts'

/** `npm run check`: everything about the source that needs no test to run. */
const { failed } = await runChecks()
process.exitCode = failed > 0 ? 1 : 0
