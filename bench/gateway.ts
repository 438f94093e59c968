import { fileURLToPath } from 'node:url'
import type { GatewayMockReport } from './support/gateway-mock-program.ts'
import { makeInstallation } from './support/gateway-setting.ts'
import { LOAD_CORE, pinSelf, startPinned } from './support/pinned.ts'
import { profileGateway } from './support/profile-gateway.ts'

const MOCK = fileURLToPath(new URL('./support/gateway-mock-program.ts', import.meta.url))

pinSelf(LOAD_CORE)
const mock = await startPinned<GatewayMockReport>(MOCK, { core: LOAD_CORE })
const upstream = `http://127.0.0.1:${mock.greeting.port}/v1`
const installation = makeInstallation()
try {
  await profileGateway({ installation, upstream, connections: 64, seconds: 3 })
} finally {
  installation.remove()
  await mock.program.stop()
}
