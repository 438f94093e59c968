import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

type Scheme = 'light' | 'dark'
const COLOURS = new Map(
  [...css.matchAll(/--color-([\w-]+):\s*light-dark\((#[0-9a-f]{6}(?:[0-9a-f]{2})?),\s*(#[0-9a-f]{6}(?:[0-9a-f]{2})?)\)/g)].map(
    ([, name, light, dark]) => [name!, { light: light!, dark: dark! }],
  ),
)
const colour = (name: string, scheme: Scheme): string => COLOURS.get(name)![scheme]

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const GROUNDS = ['paper', 'surface', 'sunken', 'float', 'selected']
const TEXTS = ['ink', 'ink-2', 'ink-3']
const MEANINGS = ['good', 'attention', 'failing', 'information']

/** Every text on every ground that it may stand on. */
const PAIRS: [text: string, ground: string][] = [
  ...TEXTS.flatMap((text) => GROUNDS.map((ground): [string, string] => [text, ground])),
  ...MEANINGS.flatMap((meaning) => [...GROUNDS, `${meaning}-tint`].map((ground): [string, string] => [meaning, ground])),
  ...MEANINGS.map((meaning): [string, string] => ['ink', `${meaning}-tint`]),
  ['on-brass', 'brass'],
  ['on-brass', 'brass-deep'],
  ['on-failing', 'failing'],
]

/** What must be seen but is no text (WCAG 2.2, 1.4.11): edges of controls, the focus ring, the bar of a chart. */
const SHAPES: [shape: string, ground: string][] = [
  ...['line-strong', 'focus', 'brass'].flatMap((shape) => ['paper', 'surface', 'float'].map((ground): [string, string] => [shape, ground])),
  ...Array.from({ length: 8 }, (_, index): [string, string] => [`chart-${index + 1}`, 'surface']),
]

describe.each(['light', 'dark'] as const)('colours of the %s scheme', (scheme) => {
  it.each(PAIRS)('%s can be read on %s: 4.5:1', (text, ground) => {
    expect(contrast(colour(text, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(4.5)
  })

  it.each(SHAPES)('%s can be seen on %s: 3:1', (shape, ground) => {
    expect(contrast(colour(shape, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(3)
  })
})

it('has a light and a dark value for every colour', () => {
  const names = [...css.matchAll(/--color-([\w-]+):/g)].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(30)
  expect([...COLOURS.keys()].sort()).toEqual(names.sort())
})

it('sets no text smaller than 12 pixels', () => {
  const sizes = [...css.matchAll(/--text-[\w]+:\s*([\d.]+)rem/g)].map(([, size]) => Number(size) * 16)
  expect(Math.min(...sizes)).toBe(12)
})
