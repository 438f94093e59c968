import { BAGS } from './draw-bags.ts'
import { CHAIRS } from './draw-chairs.ts'
import { LAMPS } from './draw-lamps.ts'
import { circle, ellipse, rect, type Paint, paintOf } from './shapes.ts'

/** Draws one kind of product, 240 units wide and high; `vary` gives 0 to 1, another one for each picture and question. */
export type Drawing = (paint: Paint, vary: (question: number) => number) => string

const DRAWINGS: Readonly<Record<string, Readonly<Record<string, Drawing>>>> = { lamp: LAMPS, chair: CHAIRS, bag: BAGS }

const PAPERS = ['#f1ece4', '#e8edf0', '#eef0e6', '#f3e9e4', '#ebe8f0', '#f4f0e0']

/**
 * A picture of the sample catalogue as SVG, drawn from its name: "lamp-desk-brass-1" is kind, shape, colour and number. Each number
 * gives other proportions. @returns undefined for a name that says nothing of the kind
 */
export function drawPicture(name: string): string | undefined {
  const [, kind, shape, colour, digits] = /^([a-z]+)-([a-z]+)-([a-z]+)-(\d{1,3})$/.exec(name) ?? []
  const shapes = Object.hasOwn(DRAWINGS, kind ?? '') ? DRAWINGS[kind!]! : {}
  const draw = Object.hasOwn(shapes, shape ?? '') ? shapes[shape!] : undefined
  const paint = paintOf(colour ?? '')
  if (!draw || !paint || digits === undefined) return undefined
  const number = Number(digits)
  const paper = PAPERS[number % PAPERS.length]!
  const ground = kind === 'lamp' && shape === 'pendant' ? '' : ellipse({ x: 120, y: 212, rx: 74, ry: 7, fill: '#00000014' })
  const glow = circle({ x: 60 + 120 * vary(number, 9), y: 70, r: 86, fill: '#ffffff66' })
  const drawing = draw(paint, (question) => vary(number, question))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="240" height="240">${rect({ x: 0, y: 0, w: 240, h: 240, fill: paper })}${glow}${ground}${drawing}</svg>`
}

/** From 0 to 1, scattered, and the same for ever. */
const vary = (number: number, question: number): number => {
  const scattered = Math.sin(number * 12.9898 + question * 78.233) * 43_758.5453
  return scattered - Math.floor(scattered)
}
