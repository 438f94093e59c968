import { describe, expect, it } from 'vitest'
import { boundaryOf, readForm } from './form.ts'
import { readTopLevel, valueOf } from './top-level.ts'

const read = (json: string) => readTopLevel(Buffer.from(json))

describe('a request that two readers may understand in two ways is not read', () => {
  it.each([
    '{"model":"cheap","model":"dear"}',
    String.raw`{"model":"cheap","mod\u0065l":"dear"}`,
    '{"model":"cheap","MODEL":"dear"}',
    '{"STREAM":true,"stream":false}',
    '{"messages":[],"meſsages":[]}',
    '{"max_tokens":1,"max_to\u212Aens":100000}',
    '\uFEFF{"model":"cheap"}',
    '{"model":"cheap"}{"model":"dear"}',
    '{"model":"cheap",}',
    "{'model':'cheap'}",
  ])('%s', (json) => {
    expect(read(json)).toBeUndefined()
  })

  it('names that are two to every reader are two', () => {
    const json = '{"a":1,"b":{"a":1,"A":2},"A_":3}'
    expect([...read(json)!.members.keys()]).toEqual(['a', 'b', 'A_'])
    expect(valueOf(Buffer.from(json), read(json)!, 'b')).toEqual({ a: 1, A: 2 })
  })
})

describe('neither is such a form', () => {
  const form = (...heads: string[]): Uint8Array =>
    Buffer.from(`${heads.map((head) => `--x\r\n${head}\r\n\r\nvalue\r\n`).join('')}--x--\r\n`)
  const fields = (...heads: string[]) => {
    const found = readForm(form(...heads), 'x')
    return found && [...found.members.keys()]
  }
  const MODEL = 'Content-Disposition: form-data; name="model"'

  it('one that is plain is read', () => {
    const file = 'Content-Disposition: form-data; name="image[]"; filename="name=\'model\'; x.png"\r\nContent-Type: image/png'
    expect(fields(MODEL, file)).toEqual(['model'])
    expect(readForm(form(MODEL, file), 'x')!.files.map(({ name }) => name)).toEqual(['image[]'])
  })

  it.each([
    `${MODEL}; name="prompt"`,
    `Content-Disposition: form-data; name="prompt"\r\nContent-Disposition: form-data; name="model"`,
    `Content-Disposition: form-data; name="prompt";\r\n name="model"`,
    String.raw`Content-Disposition: form-data; filename="a\"; name="prompt"; x="; name="model"`,
    'Content-Disposition: form-data; name="prompt"; name*=utf-8\'\'model',
    'Content-Disposition: form-data; name="prompt"\nX: y',
  ])('%j', (head) => {
    expect(fields(head)).toBeUndefined()
  })

  it('nor one with two boundaries', () => {
    expect(boundaryOf('multipart/form-data; boundary=x; boundary=y')).toBeUndefined()
    expect(boundaryOf('multipart/form-data; boundary=----WebKitFormBoundaryboundary')).toBe('----WebKitFormBoundaryboundary')
  })
})
