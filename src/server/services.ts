import type { Socket } from 'node:net'
import { endInterruptedProbes, stopProbes } from '../apps/connection-checks/probe/jobs.ts'
import { wipeAccessTokens } from '../calls/access-token.ts'
import type { CallServices } from '../calls/services.ts'
import { createPaces } from '../calls/shared-paces.ts'
import { createMachines } from '../calls/machine-time.ts'
import { createCallWatch } from '../calls/watch.ts'
import { stopStaleChecks } from '../apps/enrichment/stale-check.ts'
import { failInterruptedImports, stopCatalogue } from '../catalogue/import-job.ts'
import { removePartialUploads } from '../catalogue/uploads.ts'
import { holdDataFolder } from '../db/hold.ts'
import { openDatabase } from '../db/open.ts'
import { unpackLeft } from '../ledger/journal.ts'
import { createLedger } from '../ledger/ledger.ts'
import { sweepInterrupted } from '../ledger/sweep.ts'
import { startPracticeServer } from '../providers/practice-server.ts'
import { createSender, type Sender } from '../providers/send.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Config } from '../runtime/config.ts'
import { instanceOf } from '../runtime/instance.ts'
import type { Log } from '../runtime/log.ts'
import { openVault } from '../vault/vault.ts'
import { tellBudgets } from './tell-budgets.ts'

export interface Services extends CallServices {
  readonly instance: string
  /** The data folder: uploads and exports are in it. */
  readonly dataDir: string
  /** What the operator allows connections to reach although it is private: "host:port". */
  readonly privateHosts: ReadonlySet<string>
  /** Another sender beside `sender`, which may reach these hosts; whoever opens it closes it. */
  readonly openSender: (privateHosts: ReadonlySet<string>) => Sender
  /** How many calls a crash had left without an end; they are now entries marked `interrupted`. */
  readonly interruptedCalls: number
  close(): Promise<void>
}

/**
 * Takes the data folder, opens the database and the vault, and closes what a crash left open. `privateHosts` are added
 * to the configuration's: what the operator names on this command line is their own word.
 */
export async function openServices({
  config,
  log,
  purpose,
  privateHosts: named = [],
  onConnection,
}: {
  config: Config
  log: Log
  purpose: string
  privateHosts?: readonly string[]
  /** Takes over connections to the data folder's socket: `command-socket.ts` of a server. */
  onConnection?: ((socket: Socket) => void) | undefined
}): Promise<Services> {
  const clock = systemClock
  const closers: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const closer of closers.splice(0).toReversed()) {
      try {
        await closer()
      } catch (error) {
        failures.push(error) // the others are closed all the same: the folder's lock above all
      }
    }
    if (failures.length > 0) throw failures[0]
  }
  try {
    const hold = await holdDataFolder({ dataDir: config.dataDir, purpose, onConnection })
    closers.push(() => hold.release())
    const { dataDir, databaseUrl } = config
    const database = await openDatabase({ dataDir, databaseUrl, log })
    closers.push(() => database.close())
    closers.push(() => stopCatalogue(database))
    closers.push(() => stopStaleChecks(database))
    const vault = await openVault({ database, masterKeyFile: config.masterKeyFile, clock })
    closers.push(() => {
      wipeAccessTokens(vault)
      vault.close()
    })
    const instance = await instanceOf(dataDir)
    await failInterruptedImports({ database, instance })
    await endInterruptedProbes({ database, instance })
    await removePartialUploads({ dataDir })
    await unpackLeft({ database, clock, instance })
    const interruptedCalls = await sweepInterrupted({ database, clock, instance, tell: tellBudgets })
    const practice = lazily(startPracticeServer)
    const privateHosts = new Set([...config.privateHosts, ...named])
    const openSender = (hosts: ReadonlySet<string>): Sender =>
      createSender({ privateHosts: hosts, practice: async () => (await practice.get()).baseUrl })
    const sender = openSender(privateHosts)
    closers.push(async () => {
      await sender.close()
      await (await practice.started())?.close()
    })
    const ledger = createLedger({ database, clock, instance, tell: tellBudgets })
    closers.push(() => ledger.close())
    const watch = createCallWatch({ database, clock, log })
    closers.push(() => watch.close())
    const paces = await createPaces({ database, clock, log, instance })
    closers.push(() => paces.close())
    closers.push(() => stopProbes(database))
    return {
      database,
      vault,
      ledger,
      sender,
      clock,
      log,
      paceOf: paces.of,
      machineOf: createMachines(),
      watch,
      instance,
      dataDir,
      privateHosts,
      openSender,
      interruptedCalls,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * A server's own services, for one command that came to it. Private hosts that the command line names are for that command
 * alone: its calls leave through a sender of their own. `close` closes that and nothing else.
 */
export function commandServices(services: Services, named: readonly string[]): Services {
  const common = { ...services, interruptedCalls: 0 } // they are the server's to tell
  if (named.length === 0) return { ...common, close: () => Promise.resolve() }
  const privateHosts = new Set([...services.privateHosts, ...named])
  const sender = services.openSender(privateHosts)
  return { ...common, privateHosts, sender, close: () => sender.close() }
}

function lazily<T>(make: () => Promise<T>): { get(): Promise<T>; started(): Promise<T | undefined> } {
  let made: Promise<T> | undefined
  return {
    get: () => (made ??= make()),
    started: () => made ?? Promise.resolve(undefined),
  }
}
