import { quickenImports } from '../runtime/quick-imports.ts'
import { dispatch, type CommandEntry } from './dispatch.ts'
import { localIo } from './local-io.ts'

quickenImports()

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'start the server with its pages and its API (npm start does the same)',
    load: async () => (await import('./serve.ts')).serve,
  },
  users: {
    summary: 'give a person a new password when they have lost theirs',
    load: async () => (await import('./users.ts')).users,
  },
  enrich: {
    summary: 'write titles, descriptions and attributes for the products of a file',
    load: async () => (await import('./enrich-command.ts')).enrich,
  },
  models: {
    summary: "list a provider's models with price, context and shutdown date",
    load: async () => (await import('./models.ts')).models,
  },
  connections: {
    summary: 'list the providers that have a key here, or revoke one',
    load: async () => (await import('./connections.ts')).connections,
  },
}

// Output that nobody reads any more (a pipe into `head`) does not end the work: its results are in the database and the file.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exitCode = await dispatch({
  argv: process.argv.slice(2),
  commands: COMMANDS,
  environment: process.env,
  cwd: process.cwd(),
  io: localIo(),
  colours: process.stdout.isTTY,
})
