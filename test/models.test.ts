import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, reportOf } from './support/cli.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { answerJson, type RawServer, startRawServer } from './support/raw-server.ts'
import { newSecret } from './support/sweep.ts'

interface Listed {
  readonly provider: string
  readonly source: string
  readonly models: readonly {
    id: string
    prices: Record<string, string>
    currency: string
    contextTokens?: number
    shutdownDate?: string
    successor?: string
  }[]
}

const listed = (result: CliResult): Listed => reportOf(result) as unknown as Listed

describe('latchkey models', () => {
  const key = newSecret()
  const wrongKey = newSecret()
  let installation: Installation
  let provider: RawServer
  beforeAll(async () => {
    installation = await makeInstallation()
    provider = await startRawServer(({ path, headers }, response) => {
      if (!path.endsWith('/models')) return answerJson(response, 404, { error: { message: 'no such page' } })
      if (headers.authorization !== `Bearer ${key}`) {
        return answerJson(response, 401, {
          error: { message: `Incorrect API key provided: ${headers.authorization ?? 'none'}`, code: 'invalid_api_key' },
        })
      }
      return answerJson(response, 200, {
        object: 'list',
        data: [{ id: 'gpt-4.1-mini' }, { id: 'gpt-made-up', context_length: 12_345, shutdown_date: '2031-02-03' }],
      })
    })
  })
  afterAll(async () => {
    await provider?.stop()
    await installation?.remove()
  })

  it('without a key tells what the price book knows, without a data folder and without a request', async () => {
    const result = await installation.run(['models', '--provider', 'openai', '--json'], { LATCHKEY_DATA: '/proc/no/such/folder' })
    expect(result.code).toBe(0)
    const { source, models } = listed(result)
    expect(source).toBe('price book')
    // langfuse: 0.40 and 1.60 US dollars per million tokens
    expect(models.find(({ id }) => id === 'gpt-4.1-mini')).toMatchObject({
      prices: { input_tokens: '0.4', output_tokens: '1.6' },
      currency: 'USD',
      contextTokens: 1_047_576,
      shutdownDate: '2027-01-14',
    })
  })

  it('is a table for people', async () => {
    const { code, stdout } = await installation.run(['models', '--provider', 'anthropic'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^model +input +cached +output +context +shuts down/)
    expect(stdout).toMatch(/^claude-haiku-4-5 +\$1 +\$0\.1 +\$5 +200 000/m)
    expect(stdout).toContain('"unknown" is not free')
  })

  it('with a key asks the provider itself, and adds prices where they are known', async () => {
    const result = await installation.run(['models', '--provider', 'openai', ...atAddress(provider.url), '--key-env', 'MY_KEY', '--json'], {
      MY_KEY: key,
    })
    expect(result.stderr).not.toContain('latchkey:')
    expect(result.code).toBe(0)
    const { source, models } = listed(result)
    expect(source).toBe('provider')
    expect(models.map(({ id }) => id)).toEqual(['gpt-4.1-mini', 'gpt-made-up'])
    expect(models[0]!.prices).toMatchObject({ input_tokens: '0.4' })
    expect(models[1]).toMatchObject({ prices: {}, contextTokens: 12_345, shutdownDate: '2031-02-03' })
  })

  it('needs the key once: it is sealed', async () => {
    const result = await installation.run(['models', '--provider', 'openai', ...atAddress(provider.url), '--json'])
    expect(listed(result).models).toHaveLength(2)
  })

  it('a key that the provider refuses ends with 5 and is in no output, though the provider repeats it', async () => {
    const result = await installation.run(['models', '--provider', 'openai', ...atAddress(provider.url), '--key-env', 'MY_KEY'], {
      MY_KEY: wrongKey,
    })
    expect(result.code).toBe(5)
    expect(result.stderr).toContain('docs/errors/provider.bad_key.md')
    expect(result.stdout + result.stderr).not.toContain(wrongKey)
  })

  it('a server without a list of models is an error that says so', async () => {
    const result = await installation.run([
      'models',
      '--provider',
      'openai-compatible',
      ...atAddress(provider.url, '/elsewhere/v7'),
      '--json',
    ])
    expect(result.code).not.toBe(0)
    expect(reportOf(result)).toHaveProperty('error.code')
  })

  it.each([
    [['--provider', 'openia'], 'provider.unknown'],
    [['--provider', 'openai-compatible'], 'command.invalid'],
    [['--provider', 'openai', '--base-url', 'ftp://host'], 'command.invalid'],
    [['--provider', 'practice', '--base-url', 'http://localhost:1'], 'command.invalid'],
  ])('%j is bad usage', async (args, code) => {
    const result = await installation.run(['models', ...args, '--json'])
    expect(result.code).toBe(2)
    expect(reportOf(result)).toMatchObject({ error: { code } })
  })

  it('leaves both keys in no file, no row and no output (KEY-1)', async () => {
    await expect(installation.expectNoSecret([key, wrongKey])).resolves.toBeUndefined()
  })
})
