import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pngOf } from '../../test/support/mock-image-jobs.ts'
import { megapixelsOf, readImage } from './image-file.ts'

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')

describe('an image is what its bytes say', () => {
  it.each([
    ['image/png', pngOf(640, 480)],
    // start, an application segment of 16 bytes, a quantization table cut short, a progressive frame of 480 x 640
    ['image/jpeg', hex('ffd8 ffe0 0010 4a46494600010100000100010000 ffdb 0004 0000 ffc2 0011 08 01e0 0280 03012200021101031101 ffda')],
    ['image/webp', Buffer.concat([Buffer.from('RIFF\x64\0\0\0WEBPVP8 \x58\0\0\0', 'latin1'), hex('300100 9d012a 8002 e001 00000000')])],
    ['image/webp', Buffer.concat([Buffer.from('RIFF\x64\0\0\0WEBPVP8X\x0a\0\0\0', 'latin1'), hex('00000000 7f0200 df0100')])],
    // 14 bits of width less one, 14 of height less one
    ['image/webp', Buffer.concat([Buffer.from('RIFF\x64\0\0\0WEBPVP8L\x58\0\0\0\x2f', 'latin1'), hex('7fc27700'), Buffer.alloc(8)])],
  ])('%s of 640 x 480', (mediaType, bytes) => {
    expect(readImage(bytes)).toEqual({ bytes, mediaType, width: 640, height: 480 })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html><body>png</body></html>')],
    ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0\0\0\0', 'latin1')],
    ['half a signature', pngOf(1, 1).subarray(0, 20)],
    ['a JPEG without a frame', hex('ffd8 ffe0 0010 4a46494600010100000100010000 ffd9 0000 0000 0000 0000')],
    ['an empty PNG', pngOf(0, 0)],
    ['a program', readFileSync(process.execPath).subarray(0, 4_096)],
  ])('%s is none', (_, bytes) => {
    expect(readImage(bytes)).toBeUndefined()
  })

  it('whatever comes, it is read or refused, never an error', () => {
    const heads = [Buffer.from('89504e470d0a1a0a', 'hex'), hex('ffd8ff'), Buffer.from('RIFF\0\0\0\0WEBPVP8L', 'latin1'), Buffer.alloc(0)]
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), (head, rest) => {
        const image = readImage(Buffer.concat([head, rest]))
        expect(image === undefined || (image.width > 0 && image.height > 0)).toBe(true)
      }),
    )
  })
})

it.each([
  [1024, 1024, 1],
  [1024, 1025, 2],
  [1, 1, 1],
  [2048, 2048, 4],
  [0, 5, undefined],
  [1.5, 5, undefined],
  ['1024', 1024, undefined],
  [1_000_000, 1, undefined],
])('%s x %s are %s megapixels', (width, height, megapixels) => {
  expect(megapixelsOf(width, height)).toBe(megapixels)
})
