import { buildConnector, Client } from 'undici'
import { expect, it, onTestFinished } from 'vitest'
import { post, recorder, refusal, sender } from '../../test/support/sending.ts'
import { checkDestination, type Lookup } from './destination-guard.ts'

it('NET-2: a name that first resolves to a public and then to a private address is blocked', async () => {
  const victim = await recorder()
  const answers = [[{ address: '93.184.216.34', family: 4 }], [{ address: '127.0.0.1', family: 4 }]]
  let asked = 0
  const rebinding: Lookup = () => Promise.resolve(answers[Math.min(asked++, 1)]!)
  const baseUrl = `https://rebind.example.com:${victim.port}`
  await checkDestination(baseUrl, { privateHosts: new Set(), lookup: rebinding })
  const made = sender({ privateHosts: new Set(), lookup: rebinding })
  for (let call = 0; call < 3; call += 1) {
    expect(await refusal(made.send(post(baseUrl)))).toMatchObject({ code: 'destination.refused', sent: 'no', retryable: false })
  }
  expect(asked).toBe(4)
  expect(victim.connections()).toBe(0)
})

it('NET-2: a name with one public and one private address is blocked', async () => {
  const victim = await recorder()
  const both: Lookup = () =>
    Promise.resolve([
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ])
  const error = await refusal(sender({ privateHosts: new Set(), lookup: both }).send(post(`https://both.example.com:${victim.port}`)))
  expect([error.code, error.sent, victim.connections()]).toEqual(['destination.refused', 'no', 0])
})

it('NET-3: the library asks no resolver for an IP literal, so a guard there alone lets it through', async () => {
  const victim = await recorder()
  let asked = 0
  const guardInLookup = buildConnector({
    lookup: (_hostname, _options, callback) => {
      asked += 1
      callback(new Error('blocked'), '')
    },
  })
  const client = new Client(victim.origin, { connect: guardInLookup })
  onTestFinished(() => client.destroy())
  await client.request({ method: 'GET', path: '/' })
  expect([asked, victim.requests.length]).toEqual([0, 1])
})

it('NET-3: an IP literal is checked before connecting', async () => {
  const victim = await recorder()
  const made = sender({ privateHosts: new Set() })
  for (const host of ['127.0.0.1', '2130706433', '0x7f000001', '127.1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::1]']) {
    const error = await refusal(made.send(post(`https://${host}:${victim.port}/v1`)))
    expect([error.code, error.sent]).toEqual(['destination.refused', 'no'])
  }
  expect(victim.connections()).toBe(0)
})
