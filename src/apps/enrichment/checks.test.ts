import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { flagText, flagValue } from './checks.ts'
import { sourceFacts } from './facts.ts'
import { plainText } from './text.ts'
import { multiplyDecimals } from '../../base/units.ts'

const flagsOf = (text: string, values: Record<string, unknown>, locale = 'en') =>
  flagText(text, sourceFacts(values), locale).map(({ reason, text: words }) => `${reason.split('_')[0]} ${words}`)

const notebook = {
  title: 'Acme X-500 Notebook 43.2 cm (17") 1440 x 900 pixels',
  short: 'Core i7-8250U, 4GB DDR3, 1,000 GB HDD, USB 3.0, 802.11b/g/n, IP67, EN 60950-1, ISO 9001, 2.4 GHz, 90–264 V',
  weight: '3460 g',
  width: '285.0',
  ports: 'HDMI, VGA, RJ-45',
  battery: 'up to five hours',
  temperature: '-10 - 40 °C',
  'length (m)': 2.5,
  usb_2_0_ports: 4,
  certification: 'CE, RoHS',
  code: 'CF283A',
}

describe('what the data states passes, however it is written', () => {
  it.each([
    'It has a 43.2cm screen (17-inch, 17").',
    'A 17 inch display with 1440×900 pixels.',
    '1000 GB, 1,000 gigabytes or 1 TB of storage; 4 GB of memory.',
    'It weighs 3.46 kg, that is 3460 grams or 3,460 g.',
    'USB 3.0 and USB 3, IEEE 802.11n, 802.11g, EN 60950-1, ISO 9001, ip67 protection.',
    'Runs at 2.4GHz on 90-264 volts, from -10 to 40 degrees or −10…40 °C.',
    'The X-500, also X500, with a Core i7-8250U and CF283A.',
    'Five hours, two batteries, one year; 5 hours too.',
    'It has 3 ports (HDMI, VGA and RJ-45), a 2.5 m cable of 250 cm, four USB 2.0 ports.',
    'Width: 285.0, or 285.',
    '1. First point\n2) Second point',
    'Marked CE and RoHS. 1 x notebook.',
    'No figures at all, only words.',
  ])('%s', (text) => {
    expect(flagsOf(text, notebook)).toEqual([])
  })

  it.each([
    ['de', 'Das Display hat 43,2 cm (17 Zoll), das Gerät wiegt 3,46 Kilogramm und hat 1.000 GB.'],
    ['fr', 'Écran de 43,2 cm (17 pouces), 1 000 Go de stockage, 4 Go de mémoire, 3,46 kilogrammes.'],
    ['es', 'Pantalla de 43,2 centímetros, 1.000 gigabytes, 4 GB.'],
  ])('in the writer’s language (%s)', (locale, text) => {
    expect(flagsOf(text, notebook, locale)).toEqual([])
  })

  it.each([
    [{ weight: '0.5', 'weight-unit': 'KILOGRAM' }, 'Only 500 g.'],
    [{ size: { amount: '30', unit: 'CENTIMETER' } }, '300 mm wide'],
    [{ size: '17½ in, 1/2"' }, '17.5" and ½ inch'],
    [{ width_mm: '120' }, '12 cm'],
    [{ memory: '2048 MB' }, '2 GB'],
    [{ sizes: ['S', 'M', 'L', 'XL'] }, 'Comes in 4 sizes.'],
    [{ wireless: 'Wi-Fi 5' }, 'With WLAN and Wi-Fi 5.'],
    [{ note: '90&deg; angle' }, 'A 90° angle'],
    [{ zoom: '10x' }, 'a 10-fold zoom of 10'],
  ])('%j: %s', (values, text) => {
    expect(flagsOf(text, values)).toEqual([])
  })
})

describe('what the data does not state is flagged', () => {
  it.each([
    ['A 15.6" screen.', 'number 15.6"'],
    ['It weighs 3.5 kg.', 'number 3.5 kg'],
    ['It weighs 3460 kg.', 'unit 3460 kg'],
    ['Width: 285 ml.', 'unit 285 ml'],
    ['Protected to IP68.', 'standard IP68'],
    ['With USB 3.1.', 'standard USB 3.1'],
    ['With 802.11ac.', 'standard 802.11ac'],
    ['Tested to EN 55022.', 'standard EN 55022'],
    ['Tested to ISO 14001:2015.', 'standard ISO 14001:2015'],
    ['Supports Wi-Fi 6.', 'standard Wi-Fi 6'],
    ['Has Bluetooth.', 'standard Bluetooth'],
    ['Energy Star certified.', 'standard Energy Star'],
    ['UL listed.', 'standard UL'],
    ['Uses CF284A toner.', 'number CF284A'],
    ['The X-600 model.', 'number X-600'],
    ['With 8 GB of memory.', 'number 8 GB'],
    ['Lasts 12 hours.', 'number 12 hours'],
    ['For 3,500 pages.', 'number 3,500'],
    ['100% compatible.', 'number 100%'],
    ['Up to 60 °C.', 'number 60 °C'],
    ['Made in 2019.', 'number 2019'],
  ])('%s -> %s', (text, flag) => {
    expect(flagsOf(text, notebook)).toEqual([flag])
  })

  it('reads groups of three as the writer’s language does', () => {
    expect(flagsOf('1.250 units', { quantity: '1250' }, 'en')).toEqual(['number 1.250'])
    expect(flagsOf('1.250 Stück', { quantity: '1250' }, 'de')).toEqual([])
    expect(flagsOf('1,250 units', { quantity: '1250' }, 'en')).toEqual([])
  })

  it('takes nothing from image addresses', () => {
    expect(flagsOf('4711 pages', { image: 'https://images.example/4711.jpg' })).toEqual(['number 4711'])
  })

  it('in numbers and attributes too, once each', () => {
    const input = { productValues: { power: '60 W' }, locale: 'de' }
    expect(flagValue({ ...input, value: 60 })).toEqual([])
    expect(flagValue({ ...input, value: 75.5 })).toEqual([{ reason: 'number_not_in_source', text: '75.5' }])
    expect(flagValue({ ...input, value: { Leistung: '70 W', Aufnahme: '70 W' } })).toEqual([
      { reason: 'number_not_in_source', text: '70 W' },
    ])
  })
})

test.prop([fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), fc.anything()), fc.constantFrom('en', 'de', 'fr', 'ja')])(
  'never throws, and never flags a text that is itself a value of the data',
  (text, values, locale) => {
    flagValue({ value: text, productValues: values, locale })
    const phrase = text.replace(/[<&]/g, '')
    expect(
      flagValue({ value: phrase, productValues: { ...values, phrase }, locale }).filter(
        ({ text: words }) => /^[a-z0-9 .,]+$/i.test(words) && !/[^\x20-\x7e]/.test(phrase),
      ),
    ).toEqual([])
  },
)

test.prop([fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.nat({ max: 6 }), fc.bigInt({ min: 1n, max: 10n ** 9n }), fc.nat({ max: 6 })])(
  'multiplies decimals exactly',
  (a, aScale, b, bScale) => {
    const decimal = (digits: bigint, scale: number): string =>
      `${digits / 10n ** BigInt(scale)}.${(digits % 10n ** BigInt(scale)).toString().padStart(scale, '0')}`.replace(/\.$/, '')
    const [whole, fraction = ''] = multiplyDecimals(decimal(a, aScale), decimal(b, bScale)).split('.') as [string, string?]
    expect(BigInt(whole + fraction) * 10n ** BigInt(aScale + bScale - fraction.length)).toBe(a * b)
  },
)

describeShared('on real products', () => {
  const rows = () => parse<Record<string, string>>(readFileSync(sharedPath('data/icecat/products-10k.csv')), { columns: true, bom: true })

  it('finds nearly every fake number, and flags nearly no true one', () => {
    const random = mulberry(20261120)
    let planted = 0
    let found = 0
    let texts = 0
    let flaggedTexts = 0
    for (const row of rows()) {
      // The maker's own texts against all of the product's other data and themselves: nothing new in them.
      const text = plainText(`${row['title']}. ${row['short_description']}`, { paragraphs: false })
      const facts = sourceFacts(row)
      texts += 1
      if (flagText(text, facts, 'en').length > 0) flaggedTexts += 1
      const numbers = [...text.matchAll(/(?<![\p{L}\p{N}.,/-])\d{2,4}(?![\p{L}\p{N}.,/-])/gu)]
      const target = numbers[Math.floor(random() * numbers.length)]
      if (!target) continue
      const fake = String(Number(target[0]) + 1 + Math.floor(random() * 900))
      if (JSON.stringify(row).includes(fake)) continue
      planted += 1
      const forged = `${text.slice(0, target.index)}${fake}${text.slice(target.index + target[0].length)}`
      if (flagText(forged, facts, 'en').length > 0) found += 1
    }
    expect(planted).toBeGreaterThan(1_000)
    // All were found, and no true text was flagged, when this was written.
    expect(found / planted).toBeGreaterThan(0.99)
    expect(flaggedTexts / texts).toBeLessThan(0.002)
  })
})

/** A small seeded generator, so that the same numbers are planted each time. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
