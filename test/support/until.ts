import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something holds, half a minute at most. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await condition()) return
    await sleep(50)
  }
  throw new Error('waited 30 s in vain')
}
