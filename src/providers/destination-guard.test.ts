import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { AppError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { addressKind } from './addresses.ts'
import { checkBaseUrl, checkDestination, type Lookup } from './destination-guard.ts'
import { ProviderCallError } from './failure.ts'
import { openai } from './openai.ts'
import { createSender } from './send.ts'

const NONE = new Set<string>()
/** A resolver with this one answer. */
const resolvesTo =
  (...addresses: readonly string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
const never: Lookup = () => Promise.reject(new Error('no name may be resolved here'))

// Refused for what they are, without asking a resolver.
const FORMS = [
  // loopback, in every spelling that URL parsers take for it
  'https://127.0.0.1/v1',
  'https://127.1/v1',
  'https://127.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.0.0.1/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://127.0.0.1./',
  'https://127.255.255.254/',
  'https://１２７.０.０.１/',
  'https://①②⑦.⓪.⓪.①/',
  'https://%31%32%37.0.0.1/',
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://ｌｏｃａｌｈｏｓｔ/',
  'https://a.localhost/',
  'https://localhost.localdomain/',
  // the unspecified address
  'https://0/',
  'https://0.0.0.0/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:0]/',
  // IPv6 loopback and IPv4 inside IPv6
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[0:0:0:0:0:ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2002:a9fe:a9fe::1]/',
  'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  // private, link-local, shared, multicast, reserved, documentation
  'https://10.0.0.1/',
  'https://10.255.255.255/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://192.168.257/',
  'https://3232235777/',
  'https://100.64.0.1/',
  'https://100.127.255.255/',
  'https://169.254.1.1/',
  'https://192.0.0.1/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.7/',
  'https://203.0.113.9/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[100::1]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  // metadata services
  'https://169.254.169.254/latest/meta-data/',
  'https://0xa9fea9fe/',
  'https://2852039166/',
  'https://169.254.170.2/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://[fd00:ec2::254]/',
  'https://[fd20:ce::254]/',
  'https://metadata.google.internal/',
  'https://metadata/',
  'https://instance-data/',
  // private names
  'https://intranet/',
  'https://printer.local/',
  'https://db.internal/',
  'https://nas.lan/',
  'https://router.home.arpa/',
  // names that end with a dot, credentials, fragments, odd characters
  'https://api.openai.com./v1',
  'https://user@api.openai.com/v1',
  'https://user:secret@api.openai.com/v1',
  'https://:@api.openai.com/v1',
  'https://@api.openai.com/v1',
  'https://api.openai.com@127.0.0.1/v1',
  'https://api.openai.com%40evil.example/v1',
  'https://api.openai.com/v1#fragment',
  'https://api.openai.com/v1#',
  'https://api.openai.com\\@127.0.0.1/',
  'https:\\\\127.0.0.1\\v1',
  'https://api.openai.com/v1\n',
  'https://api.ope\tnai.com/v1',
  ' https://api.openai.com/v1',
  'https://api.openai.com/v1\u200b',
  // schemes
  'http://api.openai.com/v1',
  'ftp://api.openai.com/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_x',
  'data:text/plain,x',
  'javascript:alert(1)',
  'ws://api.openai.com/',
  'unix:/var/run/docker.sock',
  'https:api.openai.com/v1',
  'https:/api.openai.com/v1',
  '//api.openai.com/v1',
  'api.openai.com/v1',
  'practice:',
  '',
  // ports of other services
  'https://api.openai.com:22/v1',
  'https://api.openai.com:25/v1',
  'https://api.openai.com:6379/v1',
  'https://api.openai.com:5432/v1',
  'https://api.openai.com:2375/v1',
  'https://api.openai.com:11211/v1',
  'https://api.openai.com:0/v1',
  'https://api.openai.com:65536/v1',
]

describe('NET-1: an address that is not a public https server is refused', () => {
  it('in 60 forms and more', () => {
    expect(new Set(FORMS).size).toBeGreaterThanOrEqual(60)
  })

  it.each(FORMS)('at save: %j', async (baseUrl) => {
    expect(() => checkBaseUrl(baseUrl, NONE)).toThrow(AppError)
    const error = await checkDestination(baseUrl, { privateHosts: NONE, lookup: never }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'destination.refused' })
    // the URL may hold credentials
    expect((error as AppError).message).not.toContain('secret')
  })

  it.each(FORMS)('at use: %j', async (baseUrl) => {
    const sender = createSender({ privateHosts: NONE, lookup: never })
    const error: unknown = await sender
      .send({ provider: openai, destination: { baseUrl }, method: 'GET', path: '/models', key: new Secret(Buffer.from('some-key')) })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProviderCallError)
    expect(error).toMatchObject({ code: 'destination.refused', sent: 'no', retryable: false })
    await sender.close()
  })

  const ADDRESSES = FORMS.map((form) => /^https:\/\/\[?([\d.]+|[\da-f:.]*:[\da-f:.]*)\]?\/$/.exec(form)?.[1]).filter(
    (address) => address !== undefined && addressKind(address) !== 'public',
  )
  it.each([...ADDRESSES, 'fe80::1%eth0', 'not an address'])('a name that resolves to %s: at save and at use', async (address) => {
    const lookup = resolvesTo(address!)
    await expect(checkDestination('https://llm.example.com/v1', { privateHosts: NONE, lookup })).rejects.toMatchObject({
      code: 'destination.refused',
    })
    const sender = createSender({ privateHosts: NONE, lookup })
    const request = {
      provider: openai,
      destination: { baseUrl: 'https://llm.example.com/v1' },
      method: 'GET',
      path: '/models',
      key: new Secret(Buffer.from('some-key')),
    } as const
    await expect(sender.send(request)).rejects.toMatchObject({ code: 'destination.refused', sent: 'no' })
    await sender.close()
  })

  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    'metadata.google.internal',
  ])('a metadata service is never allowed, not even by the operator: %s', async (host) => {
    const privateHosts = new Set([`${host}:443`, `${new URL(`https://${host}`).hostname}:443`])
    expect(() => checkBaseUrl(`https://${host}/`, privateHosts)).toThrow(/metadata/)
    const lookup = resolvesTo('169.254.169.254')
    await expect(checkDestination('https://own.lan/v1', { privateHosts: new Set(['own.lan:443']), lookup })).rejects.toThrow(/metadata/)
  })
})

describe('a public https server is allowed', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com', '/v1', ''],
    ['https://api.openai.com/v1/', 'https://api.openai.com', '/v1', ''],
    ['HTTPS://API.OpenAI.com:443', 'https://api.openai.com', '', ''],
    ['https://gateway.example.com:8443/v1/acct-A/openai?tenant=7', 'https://gateway.example.com:8443', '/v1/acct-A/openai', '?tenant=7'],
    ['https://93.184.216.34/v1', 'https://93.184.216.34', '/v1', ''],
    ['https://[2606:2800:220:1:248:1893:25c8:1946]/v1', 'https://[2606:2800:220:1:248:1893:25c8:1946]', '/v1', ''],
    ['https://bücher.example/v1', 'https://xn--bcher-kva.example', '/v1', ''],
  ])('%s', async (baseUrl, origin, path, search) => {
    expect(checkBaseUrl(baseUrl, NONE)).toMatchObject({ origin, path, search, isPrivateAllowed: false })
    const lookup = resolvesTo('93.184.216.34', '2606:2800:220:1::1')
    await expect(checkDestination(baseUrl, { privateHosts: NONE, lookup })).resolves.toMatchObject({ origin })
  })

  it('but not one whose name has no address', async () => {
    await expect(checkDestination('https://typo.example.com', { privateHosts: NONE, lookup: never })).rejects.toThrow(/no address/)
  })
})

describe('NET-4: the operator’s private hosts', () => {
  const own = new Set(['localhost:11434', '127.0.0.1:8000', '[::1]:1234', 'llm.lan:443'])
  it.each(['http://localhost:11434/v1', 'http://127.0.0.1:8000', 'http://127.1:8000', 'http://[::1]:1234/v1', 'https://llm.lan/v1'])(
    'allow exactly their host and port: %s',
    async (baseUrl) => {
      await expect(checkDestination(baseUrl, { privateHosts: own, lookup: resolvesTo('127.0.0.1') })).resolves.toMatchObject({
        isPrivateAllowed: true,
      })
    },
  )
  it.each([
    'http://localhost:11435',
    'http://localhost',
    'http://127.0.0.1:11434',
    'http://127.0.0.2:8000',
    'http://x.localhost:11434',
    'http://llm.lan/v1',
    'https://llm.lan:8443',
    'http://sub.llm.lan:443',
  ])('allow nothing beside it: %s', (baseUrl) => {
    expect(() => checkBaseUrl(baseUrl, own)).toThrow(/refused/)
  })
  it('do not open the ports of other services', () => {
    expect(() => checkBaseUrl('http://localhost:6379', new Set(['localhost:6379']))).toThrow(/port 6379/)
  })
})

const octet = fc.integer({ min: 0, max: 255 })
test.prop([octet, octet, octet, octet])('an IPv4 address is the same kind in every spelling', (a, b, c, d) => {
  const kind = addressKind(`${a}.${b}.${c}.${d}`)
  const number = ((a * 256 + b) * 256 + c) * 256 + d
  const spellings = [
    `${number}`,
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
  ]
  for (const spelling of spellings) {
    const isAllowed = ((): boolean => {
      try {
        checkBaseUrl(`https://${spelling}/`, NONE)
        return true
      } catch {
        return false
      }
    })()
    expect(isAllowed).toBe(kind === 'public')
  }
  // inside IPv6 none is public
  expect(addressKind(`::ffff:${a}.${b}.${c}.${d}`)).not.toBe('public')
  expect(addressKind(`64:ff9b::${a}.${b}.${c}.${d}`)).not.toBe('public')
})

test.prop([
  fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((text) => `https://${text}`),
  ),
])('any text is either refused as destination or a plain https origin', (text) => {
  let checked: ReturnType<typeof checkBaseUrl> | undefined
  try {
    checked = checkBaseUrl(text, NONE)
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
  }
  if (checked) expect(checked.origin).toMatch(/^https:\/\/[^@/\\]+$/)
})
