import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CLUSTER_VARIABLE } from './postgres-cluster.ts'
import { expectNoSecret, secretRegistry } from './sweep.ts'

/**
 * Vitest's global setup that ends a test run with one sweep for all its secrets (KEY-1) over the PostgreSQL cluster that
 * its suites shared: tables, write-ahead log, server log. Data folders, outputs and logs are swept by the suites themselves.
 */
export default function setup(): () => void {
  return () => {
    const registry = secretRegistry()
    const cluster = process.env[CLUSTER_VARIABLE]
    if (registry === undefined || cluster === undefined || !existsSync(registry)) return
    const secrets = readFileSync(registry, 'utf8').split('\n').filter(Boolean)
    rmSync(registry)
    if (existsSync(join(cluster, 'data'))) expectNoSecret(secrets, { paths: [cluster] })
  }
}
