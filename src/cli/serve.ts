import type { Serve } from '../server/create-server.ts'
import type { CommandContext } from './command.ts'
import { defineCommand } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** `latchkey serve`, which is `npm start`: pages, API, and the commands of whoever works on the same data folder. */
export const serve = defineCommand({
  name: 'serve',
  description: 'Start the server with its pages and its API. Ctrl-C stops it.',
  args: {},
  isLocal: true,
  run: (_args, context) => runServer(context),
})

const SAY_THAT_IT_BUILDS_MS = 1_500

async function runServer({ config, log, io, runCommand }: CommandContext): Promise<ExitCode> {
  const { startServer } = await import('../server/start.ts')
  const pages = readPages(io)
  const server = await startServer({ config, log, pages: [async (request) => (await pages)(request)], runCommand })
  const stopped = untilStopped(io)
  try {
    await Promise.race([pages, stopped])
    io.out(`Latchkey is at ${server.origin}\n`)
    if (server.claimLink !== undefined)
      io.out(`Nobody has claimed it yet. Whoever opens this link first becomes its owner: ${server.claimLink}\n`)
    await stopped
  } finally {
    await server.close()
  }
  return EXIT.done
}

/** The built pages, built now when they are not. While that goes on the server is being opened. */
function readPages({ error }: CommandContext['io']): Promise<Serve> {
  const timer = setTimeout(() => error('The pages are being built; this is needed once for each version.\n'), SAY_THAT_IT_BUILDS_MS)
  const pages = Promise.all([import('../server/build-web.ts'), import('../server/serve-web.ts')])
    .then(async ([{ ensureWeb }, { serveWeb }]) => serveWeb(await ensureWeb()))
    .finally(() => clearTimeout(timer))
  pages.catch(() => undefined) // told by whoever waits for it
  return pages
}

/** Resolves at the first Ctrl-C or SIGTERM, after which all that is under way may end; the second one does not wait for it. */
function untilStopped({ onInterrupt, error }: CommandContext['io']): Promise<void> {
  return new Promise((resolve) => {
    let times = 0
    onInterrupt(() => {
      times += 1
      if (times > 1) process.exit(EXIT.interrupted)
      error('\nStopping: what is under way may end. Ctrl-C again cuts it off.\n')
      resolve()
    })
  })
}
