import type { Serve } from '../server/create-server.ts'
import type { RunningServer } from '../server/start.ts'
import { type CommandContext, defineCommand } from './command.ts'
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
  const pages = Promise.withResolvers<Serve>()
  const server = await startServer({ config, log, pages: [async (request) => (await pages.promise)(request)], runCommand })
  const stopped = untilStopped(io)
  readPages(io).then(pages.resolve, pages.reject)
  try {
    const isReady = await Promise.race([pages.promise.then(() => true), stopped.then(() => false)])
    if (isReady) {
      io.out(welcome(server))
      await stopped
    }
  } finally {
    await server.close()
  }
  process.exit(EXIT.done) // a build that was left would keep the process
}

const welcome = ({ origin, claimLink }: RunningServer): string =>
  `Latchkey is at ${origin}\n` +
  (claimLink === undefined ? '' : `Nobody has claimed it yet. Whoever opens this link first becomes its owner: ${claimLink}\n`)

/** The built pages, built now when they are not: once the data folder is this process's own, and not before. */
async function readPages({ error }: CommandContext['io']): Promise<Serve> {
  const timer = setTimeout(() => error('The pages are being built; this is needed once for each version.\n'), SAY_THAT_IT_BUILDS_MS)
  try {
    const [{ ensureWeb }, { serveWeb }] = await Promise.all([import('../server/build-web.ts'), import('../server/serve-web.ts')])
    return serveWeb(await ensureWeb())
  } finally {
    clearTimeout(timer)
  }
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
