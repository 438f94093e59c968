/** An image as it lies in a file: what it is by its own bytes, whatever its name or its sender says. */
export interface ImageFile {
  readonly bytes: Uint8Array
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp'
  readonly width: number
  readonly height: number
}

/** A PNG, JPEG or WebP file with its size in pixels; undefined for everything else. Only its head is looked at. */
export function readImage(bytes: Uint8Array): ImageFile | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = readPng(view) ?? readJpeg(view) ?? readWebp(view)
  return found && found.width > 0 && found.height > 0 ? { bytes, ...found } : undefined
}

type Head = Omit<ImageFile, 'bytes'> | undefined

const textAt = (view: DataView, at: number, length: number): string =>
  String.fromCharCode(...Array.from({ length }, (_, index) => view.getUint8(at + index)))

/** @see https://www.w3.org/TR/png-3/#5PNG-file-signature: the signature, then IHDR. */
function readPng(view: DataView): Head {
  if (view.byteLength < 24 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a || textAt(view, 12, 4) !== 'IHDR')
    return undefined
  return { mediaType: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B: segments up to the frame header, which has the size. */
function readJpeg(view: DataView): Head {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; at + 9 < view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) at += 1
    else if (isFrame(marker)) return { mediaType: 'image/jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    else at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/** SOF0 to SOF15 but for the tables and the extension that stand between them. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** @see https://developers.google.com/speed/webp/docs/riff_container: lossy, lossless and extended. */
function readWebp(view: DataView): Head {
  if (view.byteLength < 30 || textAt(view, 0, 4) !== 'RIFF' || textAt(view, 8, 4) !== 'WEBP') return undefined
  const mediaType = 'image/webp'
  switch (textAt(view, 12, 4)) {
    case 'VP8 ':
      return { mediaType, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { mediaType, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 }
    }
    case 'VP8X': {
      const three = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536 + 1
      return { mediaType, width: three(24), height: three(27) }
    }
    default:
      return undefined
  }
}

const PIXELS_PER_MEGAPIXEL = 1024 * 1024

/** Whole megapixels of 1024 x 1024 pixels, rounded up, as image models are priced; undefined where the size is none. */
export function megapixelsOf(width: unknown, height: unknown): number | undefined {
  return isSize(width) && isSize(height) ? Math.ceil((width * height) / PIXELS_PER_MEGAPIXEL) : undefined
}

const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < 100_000
