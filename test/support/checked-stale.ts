import type { RouteAnswer } from '../../src/contract/route.ts'
import * as stale from '../../src/contract/stale.ts'
import type { TestClient } from './server.ts'
import { until } from './until.ts'

/** What a check of stale values finds that begins now. */
export async function checkedStale(client: TestClient): Promise<RouteAnswer<typeof stale.readStale>> {
  await client.call(stale.checkStale)
  let state = await client.call(stale.readStale)
  await until(async () => (state = await client.call(stale.readStale)).check?.endedAt !== null)
  return state
}
