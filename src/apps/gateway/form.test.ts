import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { boundaryOf, readForm } from './form.ts'
import { valueOf, withMembers } from './top-level.ts'

const name = fc.stringMatching(/^[a-z_]{1,12}$/)
const field = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll(/\r(?!\n)|(?<!\r)\n/g, '\r\n'))

/** Bytes as undici, and so every `fetch`, writes a form. */
async function written(form: FormData): Promise<{ bytes: Uint8Array; boundary: string }> {
  const response = new Response(form)
  const boundary = boundaryOf(response.headers.get('content-type')!)!
  return { bytes: new Uint8Array(await response.arrayBuffer()), boundary }
}

test.prop([fc.dictionary(name, field), fc.uint8Array({ maxLength: 300 }), fc.stringMatching(/^[\w/ .-]{1,40}$/)])(
  'the model is replaced in any form, and nothing else',
  async (fields, file, model) => {
    const form = new FormData()
    for (const [key, value] of Object.entries(fields)) form.append(key, value)
    form.set('model', 'before')
    form.append('image[]', new File([new Uint8Array(file)], 'a "name=x".png', { type: 'image/png' }))
    const { bytes, boundary } = await written(form)
    const read = readForm(bytes, boundary)!
    expect(read.files.length).toBe(1)
    expect(valueOf(bytes, read, 'model')).toBe('before')
    const changed = withMembers(bytes, read, { model })
    form.set('model', model)
    const after = await new Response(new Uint8Array(changed), {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    }).formData()
    for (const [key, value] of form) if (typeof value === 'string') expect(after.get(key)).toBe(value)
    expect(new Uint8Array(await (after.get('image[]') as File).arrayBuffer())).toEqual(new Uint8Array(file))
  },
)

test.prop([fc.uint8Array({ maxLength: 400 })])('no bytes make it throw or hang', (bytes) => {
  expect(() => readForm(bytes, 'x')).not.toThrow()
})

it.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
  ['multipart/form-data', undefined],
  ['application/json', undefined],
])('%s', (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary))

it('a field that is said twice is refused: two readers may understand it in two ways', () => {
  const part = (key: string, value: string): string => `--x\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`
  const read = (text: string) => readForm(Buffer.from(text), 'x')
  expect(read(`${part('model', 'a')}${part('n', '2')}--x--\r\n`)?.members.size).toBe(2)
  expect(read(`${part('model', 'a')}${part('model', 'b')}--x--\r\n`)).toBeUndefined()
  expect(read(`${part('tags[]', 'a')}${part('tags[]', 'b')}--x--\r\n`)?.members.size).toBe(1)
  expect(read(part('model', 'a'))).toBeUndefined()
})
