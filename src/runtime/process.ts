import type { Log } from './log.ts'

/**
 * Guards the process against telling more than the log may: diagnostic reports leave out the environment (which names keys
 * with --key-env) and the network, and are not written for thrown errors, whose messages and properties they would repeat.
 * Anything thrown that nothing caught is logged scrubbed and ends the process with exit code 1.
 * @see https://nodejs.org/api/report.html
 */
export function guardProcess({ log, onCrash = () => {} }: { log: Log; onCrash?: () => void }): void {
  if (process.report) {
    Object.assign(process.report, { excludeEnv: true, excludeNetwork: true, reportOnUncaughtException: false })
    // When memory runs out Node 24 looks at the flag alone, not at `excludeEnv`. The launcher gives it; without it, no such report.
    if (!process.execArgv.includes('--report-exclude-env')) process.report.reportOnFatalError = false
  }
  const crash = (message: string, error: unknown): void => {
    try {
      log.error({ error }, message)
      onCrash()
    } finally {
      process.exit(1)
    }
  }
  process.on('uncaughtException', (error) => crash('an error was not caught', error))
  process.on('unhandledRejection', (reason) => crash('a promise was rejected and nothing handled it', reason))
}
