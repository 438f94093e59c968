import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { expectFindsPlanted, expectNoSecret, newSecret, sweep } from './support/sweep.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-sweep-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the sweep for secrets (KEY-1) itself', () => {
  const secret = newSecret({ odd: true })

  it('finds every form it knows, whole and in part', () => {
    expect(() => {
      for (let round = 0; round < 20; round += 1) expectFindsPlanted([newSecret(), newSecret({ odd: true })])
    }).not.toThrow()
  })

  it.each<[string, string | Buffer]>([
    ['raw', secret],
    ['a fragment of twelve characters', secret.slice(9, 21)],
    ['base64 of a header it stands in', Buffer.from(`authorization: Bearer ${secret}\r\n`).toString('base64')],
    ['base64url of a longer text', Buffer.from(`{"key":${JSON.stringify(secret)}}`).toString('base64url')],
    ['hex with a prefix', `\\x${Buffer.from(secret).toString('hex')}`],
    ['JSON in JSON', JSON.stringify({ body: JSON.stringify({ key: secret }) })],
    ['a query', `?key=${encodeURIComponent(secret)}`],
    ['UTF-16', Buffer.from(`x${secret}`, 'utf16le')],
    ['reversed', secret.split('').toReversed().join('')],
  ])('finds %s in a text and in a file', (_, content) => {
    const file = join(folder, 'leak.bin')
    writeFileSync(file, Buffer.concat([Buffer.alloc(70_000), Buffer.from(content), Buffer.alloc(70_000)]))
    expect(sweep([secret], { paths: [folder] }).hits).not.toEqual([])
    expect(sweep([secret], { texts: { output: content } }).hits).not.toEqual([])
    expect(() => expectNoSecret([secret], { paths: [folder] })).toThrow('secrets were found')
    rmSync(file)
  })

  it('finds it in the name of a file', () => {
    const file = join(folder, newSecret())
    writeFileSync(file, 'nothing')
    expect(sweep([file.slice(-40)], { paths: [folder] }).hits).toHaveLength(1)
    rmSync(file)
  })

  it('is silent about other secrets and about the last four characters, and complains when nothing was searched', () => {
    expect(expectNoSecret([secret], { texts: { output: `${newSecret()} ends with ${secret.slice(-4)}` } }).bytes).toBeGreaterThan(0)
    expect(() => expectNoSecret([secret], {})).toThrow('nothing was searched')
    expect(() => expectNoSecret([], { texts: { output: 'x' } })).toThrow('no secret')
  })
})
