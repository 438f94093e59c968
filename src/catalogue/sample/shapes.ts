/** The few elements of SVG that the sample pictures are made of; presentation attributes only, so that no policy on styles minds. */

/** One colour in three lights. */
export interface Paint {
  readonly main: string
  readonly dark: string
  readonly light: string
}

const PAINTS: Readonly<Record<string, Paint>> = {
  black: { main: '#33363b', dark: '#1e2024', light: '#565a61' },
  blue: { main: '#4a6d9c', dark: '#35517a', light: '#7595c0' },
  brass: { main: '#c19a4b', dark: '#97742f', light: '#e0c078' },
  copper: { main: '#b8704a', dark: '#8d5031', light: '#d99a76' },
  green: { main: '#5c7f5a', dark: '#436041', light: '#86a783' },
  grey: { main: '#8a8f96', dark: '#666b72', light: '#b1b5bb' },
  oak: { main: '#c9a26b', dark: '#a27c48', light: '#e2c394' },
  ochre: { main: '#d09a2c', dark: '#a5761a', light: '#e6ba5d' },
  red: { main: '#b94a3f', dark: '#8f342b', light: '#d97a70' },
  sand: { main: '#d8c7a8', dark: '#b5a17d', light: '#ece0ca' },
  teal: { main: '#3f8583', dark: '#2d6463', light: '#6fb0ad' },
  white: { main: '#e6e3dc', dark: '#bfbbb2', light: '#fbfaf8' },
}

export const paintOf = (colour: string): Paint | undefined => (Object.hasOwn(PAINTS, colour) ? PAINTS[colour] : undefined)

export const STEEL = '#6b7077'
export const WOOD = '#b98f58'

const number = (value: number): string => String(Math.round(value * 10) / 10)

export const rect = ({ x, y, w, h, r = 0, fill }: { x: number; y: number; w: number; h: number; r?: number; fill: string }): string =>
  `<rect x="${number(x)}" y="${number(y)}" width="${number(w)}" height="${number(h)}" rx="${number(r)}" fill="${fill}"/>`

export const circle = ({ x, y, r, fill }: { x: number; y: number; r: number; fill: string }): string =>
  `<circle cx="${number(x)}" cy="${number(y)}" r="${number(r)}" fill="${fill}"/>`

export const ellipse = ({ x, y, rx, ry, fill }: { x: number; y: number; rx: number; ry: number; fill: string }): string =>
  `<ellipse cx="${number(x)}" cy="${number(y)}" rx="${number(rx)}" ry="${number(ry)}" fill="${fill}"/>`

export const line = ({
  points,
  width,
  stroke,
}: {
  points: readonly (readonly [number, number])[]
  width: number
  stroke: string
}): string =>
  `<polyline points="${pairs(points)}" fill="none" stroke="${stroke}" stroke-width="${number(width)}" stroke-linecap="round" stroke-linejoin="round"/>`

/** A filled shape with straight sides and slightly rounded corners. */
export const shape = (points: readonly (readonly [number, number])[], fill: string): string =>
  `<polygon points="${pairs(points)}" fill="${fill}" stroke="${fill}" stroke-width="4" stroke-linejoin="round"/>`

/** A curve, in SVG's own path data. */
export const curve = ({ data, width, stroke }: { data: string; width: number; stroke: string }): string =>
  `<path d="${data}" fill="none" stroke="${stroke}" stroke-width="${number(width)}" stroke-linecap="round"/>`

export const area = (data: string, fill: string): string => `<path d="${data}" fill="${fill}"/>`

const pairs = (points: readonly (readonly [number, number])[]): string => points.map(([x, y]) => `${number(x)},${number(y)}`).join(' ')
