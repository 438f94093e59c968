import { AppError } from '../base/errors.ts'
import { forgetAccessTokens } from '../calls/access-token.ts'
import { type ListedConnection, listConnections, revokeConnection } from '../connections/connections.ts'
import { commandLineWorkspace } from '../people/workspaces.ts'
import { defineCommand } from './command.ts'
import { ACTOR } from './connect.ts'
import { EXIT } from './exit-codes.ts'

/** `latchkey connections`: which providers have a key here, and the end of one. Keys themselves cannot be shown by anything. */
export const connections = defineCommand({
  name: 'connections',
  description: 'List the providers that have a connection here, or revoke one: its key is destroyed and new calls are refused at once.',
  args: {
    revoke: { type: 'string', valueHint: 'SLUG', description: 'Destroy the key of this connection' },
    json: { type: 'boolean', description: 'Print one JSON object' },
  },
  async run(args, { io, openServices }) {
    const services = await openServices({ purpose: 'latchkey connections' })
    try {
      const { database } = services
      const { id: workspaceId } = await commandLineWorkspace(database)
      const before = await database.inWorkspace(workspaceId, listConnections)
      if (args.revoke !== undefined) {
        const connection = before.find(({ slug, status }) => slug === args.revoke && status === 'active')
        if (!connection)
          throw new AppError(
            'connection.missing',
            'There is no such connection, or it was revoked before. latchkey connections lists them.',
          )
        await database.inWorkspace(workspaceId, (tx) => revokeConnection(tx, { actor: ACTOR, id: connection.id }))
        forgetAccessTokens(services.vault, connection.id)
      }
      const listed = args.revoke === undefined ? before : await database.inWorkspace(workspaceId, listConnections)
      io.out(args.json ? `${JSON.stringify({ connections: listed })}\n` : describe(listed))
      return EXIT.done
    } finally {
      await services.close()
    }
  },
})

function describe(listed: readonly ListedConnection[]): string {
  if (listed.length === 0) return 'No connections yet. latchkey enrich --key-env VARIABLE makes one.\n'
  return `${listed
    .map(({ slug, baseUrl, key, keySetAt, status }) => {
      const day = keySetAt ? ` since ${keySetAt.toISOString().slice(0, 10)}` : ''
      return `${slug}  ${baseUrl}  ${status === 'revoked' ? 'revoked' : key === null ? 'no key' : `key ${key}${day}`}`
    })
    .join('\n')}\n`
}
