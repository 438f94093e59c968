import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerJson, type RawServer, startRawServer } from '../../test/support/raw-server.ts'
import { findProvider } from '../providers/registry.ts'
import { loadConfig } from '../runtime/config.ts'
import { createLog } from '../runtime/log.ts'
import { commandServices, openServices, type Services } from './services.ts'

let folder: string
let services: Services
let machine: RawServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-services-'))
  const config = loadConfig({ LATCHKEY_DATA: join(folder, 'data'), LATCHKEY_MASTER_KEY_FILE: join(folder, 'master.key') })
  services = await openServices({ config, log: createLog({ level: 'silent' }), purpose: 'a test' })
  machine = await startRawServer((_, response) => answerJson(response, 200, {}))
})
afterAll(async () => {
  await machine.stop()
  await services.close()
  rmSync(folder, { recursive: true })
})

const ask = ({ sender }: Services): Promise<unknown> =>
  sender.send({ provider: findProvider('openai-compatible'), destination: { baseUrl: machine.url }, method: 'GET', path: '/models' })

it('a private host that a command names is reached by that command alone', async () => {
  const own = commandServices(services, [new URL(machine.url).host])
  const other = commandServices(services, [])
  await expect(ask(services)).rejects.toMatchObject({ code: 'destination.refused' })
  await expect(ask(other)).rejects.toMatchObject({ code: 'destination.refused' })
  await expect(ask(own)).resolves.toMatchObject({ status: 200 })
  await expect(ask(services)).rejects.toMatchObject({ code: 'destination.refused' })
  expect(machine.requests).toHaveLength(1)
  await own.close()
})

it('a command that is done leaves the server everything else', async () => {
  await commandServices(services, ['10.0.0.1:80']).close()
  await commandServices(services, []).close()
  await expect(services.database.asSystem('a test looks', (tx) => tx.execute('select 1 as one'))).resolves.toBeDefined()
})
